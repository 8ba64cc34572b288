import type { Verdict } from '../testing/rule-verdict';
import { escapeForTerminal } from '../text/escape';
import { junit } from './junit';

/** The verdicts, rule by rule, and the numbers; for a person. */
export function testRulesText(verdicts: readonly Verdict[]): string {
  const count = (result: Verdict['result']): number => verdicts.filter((verdict) => verdict.result === result).length;
  const sum = `${count('PASS')} passed, ${count('FAIL')} failed, ${count('ERROR')} with errors.`;
  return [...byRule(verdicts).flatMap(([name, own]) => [name, ...own.flatMap(lines)]), sum].join('\n');
}

function lines({ name, source, expected, result, reason, where }: Verdict): string[] {
  const about = source === null || expected === null ? '' : ` (${source}, ${expected})`;
  const head = `  ${result.padEnd(5)} ${escapeForTerminal(name)}${about}`;
  return reason === null
    ? [head]
    : [head, `        ${where === null ? '' : `${escapeForTerminal(where)}: `}${escapeForTerminal(reason)}`];
}

/** The verdicts as JUnit XML, one suite a rule. */
export function testRulesJunit(verdicts: readonly Verdict[]): string {
  return junit(
    byRule(verdicts).map(([name, own]) => ({
      name,
      cases: own.map(({ name: event, source, result, reason, where }) => ({
        name: source === null ? event : `${event} (${source})`,
        failure: result === 'FAIL' ? { message: reason ?? '', details: where ?? '' } : undefined,
        error: result === 'ERROR' ? (reason ?? '') : undefined,
      })),
    })),
  );
}

function byRule(verdicts: readonly Verdict[]): [string, Verdict[]][] {
  const names = [...new Set(verdicts.map(({ rule }) => rule.name))];
  return names.map((name) => [name, verdicts.filter(({ rule }) => rule.name === name)]);
}
