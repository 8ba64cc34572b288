/** In rising order; the words and limits are those of Elastic Security. */
const SEVERITIES = [
  { word: 'low', upTo: 21, number: 21 },
  { word: 'medium', upTo: 47, number: 47 },
  { word: 'high', upTo: 73, number: 73 },
  { word: 'critical', upTo: 100, number: 99 },
] as const;

export type Severity = (typeof SEVERITIES)[number]['word'];

/**
 * The severity of a risk score: 0-21 low, 22-47 medium, 48-73 high, 74-100 critical (docs/design.md, "Severity").
 * @param score 0 to 100
 * @returns the word, and the number that ECS `event.severity` holds for it: 21, 47, 73 or 99
 */
export function severityOf(score: number): { readonly word: Severity; readonly number: 21 | 47 | 73 | 99 } {
  const { word, number } = SEVERITIES.find(({ upTo }) => score <= upTo) ?? SEVERITIES[3];
  return { word, number };
}
