/** `1 event`, `2 events`. */
export function plural(number: number, singular: string, plurals = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plurals}`;
}
