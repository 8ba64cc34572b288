import { ProblemError } from '../errors';
import { nearest } from '../text/suggest';
import type { Rule } from './rule';

/**
 * The rules that somebody asked for, in the order of the content.
 * @param wanted UUIDs, names or slugs, in any case; all rules where there are none
 * @throws ProblemError USAGE for each that is no rule
 */
export function chosenRules(rules: readonly Rule[], wanted: readonly string[] | undefined): readonly Rule[] {
  if (wanted === undefined || wanted.length === 0) return rules;
  const unknown = wanted.filter((word) => !rules.some((rule) => isNamed(rule, word)));
  if (unknown.length > 0) {
    throw new ProblemError(
      'USAGE',
      unknown.map((word) => ({ message: `there is no rule "${word}"`, hint: hintFor(word, rules) })),
    );
  }
  return rules.filter((rule) => wanted.some((word) => isNamed(rule, word)));
}

/** Whether a word is the UUID, the name or the slug of a rule, in any case. */
export function isNamed({ uuid, name, slug }: Rule, word: string): boolean {
  return [uuid, name, slug].some((own) => own.toLowerCase() === word.toLowerCase());
}

function hintFor(word: string, rules: readonly Rule[]): string {
  const slugs = rules.map(({ slug }) => slug);
  const meant = nearest(word, slugs);
  return meant === undefined ? `Rules: ${slugs.join(', ')}.` : `Did you mean "${meant}"?`;
}
