import { expiredExceptions, type RuleExceptions } from '../sigma/exceptions';

/**
 * What is to be said of exceptions whose day has passed: they silence nothing any more.
 * @param now milliseconds since 1970
 */
export function expiredNotes(exceptions: readonly RuleExceptions[], now: number): string[] {
  return expiredExceptions(exceptions, now).map(
    ({ slug, entry }) =>
      `rules/exceptions/${slug}.yml: the exception ${entry.id} expired on ${entry.expires ?? ''} and silences nothing any more: renew it or take it out`,
  );
}
