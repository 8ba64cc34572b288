import { ProblemError, type Problem } from '../../errors';
import { isNamed } from '../../detections/rule';
import type { StoredRule } from '../stored-rule';

/**
 * The rules that somebody names by UUID, name or slug, without regard to case; all where nobody names any.
 * @throws ProblemError USAGE when one that is named is not there
 */
export function chosenRules(
  stored: readonly StoredRule[],
  wanted: readonly string[] | undefined,
): readonly StoredRule[] {
  const unknown = (wanted ?? []).filter((name) => !stored.some(({ rule }) => isNamed(rule, name)));
  if (unknown.length > 0) {
    const known = stored.map(({ rule }) => `${rule.uuid} (${rule.name})`).join(', ');
    throw new ProblemError(
      'USAGE',
      unknown.map((name) => ({ message: `no rule "${name}" is stored`, hint: `Stored are: ${known}.` })),
    );
  }
  return stored.filter((rule) => isWanted(rule, wanted));
}

/** Whether a rule is one of those that somebody names; each is where nobody names any. */
export function isWanted(stored: StoredRule, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.some((name) => isNamed(stored.rule, name));
}

/** What went wrong with a rule, each problem beginning with its name. */
export function withRuleName(error: ProblemError, { rule }: StoredRule): ProblemError {
  const problems: Problem[] = error.problems.map((problem) => ({
    ...problem,
    message: `rule "${rule.name}": ${problem.message}`,
  }));
  return new ProblemError(error.code, problems, { cause: error });
}
