import { ProblemError, type Problem } from '../errors';
import { parseDuration } from '../text/duration';
import { suggestion } from '../text/suggest';
import { unknownTokens } from './message';
import { isNamed, severityOf, type Rule } from './rule';

/** What the settings say about a rule, whoever wrote it. */
export interface RuleOverride {
  readonly enabled?: boolean | undefined;
  readonly interval?: string | undefined;
  readonly lookback?: string | undefined;
  /** 0 to 100; the level follows. */
  readonly score?: number | undefined;
  readonly message?: string | undefined;
}

/** By the id or the file name of a rule. */
export type RuleOverrides = Readonly<Record<string, RuleOverride>>;

/**
 * The rules as the settings want them.
 * @returns those that are switched on, and the ids of the others
 * @throws ProblemError SETTINGS for a name that is no rule, and for values that contradict the rule
 */
export function withOverrides(
  rules: readonly Rule[],
  overrides: RuleOverrides,
): { readonly rules: Rule[]; readonly switchedOff: string[] } {
  const problems: Problem[] = [];
  const changes = new Map<string, RuleOverride>();
  for (const [name, override] of Object.entries(overrides)) {
    const meant = rules.filter((rule) => isNamed(rule, name));
    if (meant.length === 0) {
      const message = `rule_overrides: there is no rule "${name}"`;
      problems.push({ message, hint: suggestion(name, rules.map(({ slug }) => slug).slice(0, 50)) });
    }
    for (const { uuid } of meant) changes.set(uuid, { ...changes.get(uuid), ...override });
  }
  const changed = rules.map((rule) => changedRule(rule, changes.get(rule.uuid) ?? {}, problems));
  if (problems.length > 0) throw new ProblemError('SETTINGS', problems);
  const isOff = ({ uuid }: Rule): boolean => changes.get(uuid)?.enabled === false;
  return { rules: changed.filter((rule) => !isOff(rule)), switchedOff: changed.filter(isOff).map(({ uuid }) => uuid) };
}

function changedRule(rule: Rule, override: RuleOverride, problems: Problem[]): Rule {
  const { interval = rule.schedule.interval, lookback = rule.schedule.lookback } = override;
  const { score = rule.risk.score, message = rule.risk.message } = override;
  const about = `rule_overrides.${rule.slug}`;
  if ((parseDuration(lookback) ?? 0) < (parseDuration(interval) ?? 0)) {
    const hint = 'Events between two runs would be missed: set the look-back as well.';
    problems.push({
      message: `${about}: a look-back of ${lookback} is shorter than the interval of ${interval}`,
      hint,
    });
  }
  for (const token of override.message === undefined ? [] : unknownTokens(message)) {
    problems.push({ message: `${about}: the message has an unknown token $${token}$` });
  }
  return {
    ...rule,
    ...(override.score !== undefined && { level: severityOf(score).word }),
    schedule: { interval, lookback },
    risk: { ...rule.risk, score, message },
  };
}
