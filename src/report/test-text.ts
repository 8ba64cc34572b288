import type { CaseResult, Coverage, SimulateResult, Unreached } from '../testing/fixture-compare';
import { escapeForTerminal } from '../text/escape';
import { plural } from '../text/plural';
import { junit, type JunitCase } from './junit';
import type { Verdict } from '../testing/test-rules';

const WORDS: Readonly<Record<CaseResult['status'], string>> = {
  passed: 'ok     ',
  failed: 'FAILED ',
  skipped: 'skipped',
  generated: 'written',
};

/** The cases with what is wrong with each, the processors that nothing came to, and the numbers; for a person. */
export function simulateText({ cases, unreached, coverage = [] }: SimulateResult): string {
  const count = (status: CaseResult['status']) => cases.filter((result) => result.status === status).length;
  const numbers = [`${count('passed')} passed`, `${count('failed')} failed`, `${count('skipped')} skipped`];
  if (count('generated') > 0) numbers.push(`${count('generated')} written`);
  return [
    ...cases.flatMap(caseLines),
    ...unreachedLines(unreached),
    ...coverageLines(coverage),
    numbers.join(', '),
  ].join('\n');
}

function caseLines({ status, file, events, reasons, diff }: CaseResult): string[] {
  const head = `${WORDS[status]} ${escapeForTerminal(file)} (${plural(events, 'event')})`;
  const details = [...reasons, ...diff.split('\n').filter((line) => line !== '')];
  return [head, ...details.map((line) => `    ${escapeForTerminal(line)}`)];
}

function unreachedLines(unreached: readonly Unreached[]): string[] {
  if (unreached.length === 0) return [];
  return ['No event came to:', ...unreached.map(({ pipeline, tag }) => `    ${pipeline}: ${escapeForTerminal(tag)}`)];
}

function coverageLines(coverage: readonly Coverage[]): string[] {
  if (coverage.length === 0) return [];
  const lines = coverage.map(
    ({ pipeline, reached, processors }) => `    ${pipeline}: ${reached} of ${plural(processors, 'processor')}`,
  );
  return ['Events came to:', ...lines];
}

/** The cases as JUnit XML, one suite a pipeline; what build servers read. */
export function simulateJunit({ cases }: SimulateResult): string {
  const pipelines = [...new Set(cases.map(({ pipeline }) => pipeline))];
  return junit(
    pipelines.map((name) => ({ name, cases: cases.filter(({ pipeline }) => pipeline === name).map(junitCase) })),
  );
}

function junitCase({ file, status, reasons, diff }: CaseResult): JunitCase {
  const message = reasons.join('; ');
  return {
    name: file,
    failure: status === 'failed' ? { message, details: diff } : undefined,
    skipped: status === 'skipped' ? message : undefined,
  };
}

/** The verdicts, rule by rule, and the numbers; for a person. */
export function testRulesText(verdicts: readonly Verdict[]): string {
  const count = (result: Verdict['result']): number => verdicts.filter((verdict) => verdict.result === result).length;
  const untested = count('UNTESTED');
  const rest = untested === 0 ? '' : `, ${plural(untested, 'rule')} without tests`;
  const sum = `${count('PASS')} passed, ${count('FAIL')} failed, ${count('ERROR')} with errors${rest}.`;
  return [...byRule(verdicts).flatMap(([name, own]) => [name, ...own.flatMap(verdictLines)]), sum].join('\n');
}

function verdictLines({ name, source, expected, result, reason, where }: Verdict): string[] {
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
        skipped: result === 'UNTESTED' ? (reason ?? '') : undefined,
      })),
    })),
  );
}

function byRule(verdicts: readonly Verdict[]): [string, Verdict[]][] {
  const names = [...new Set(verdicts.map(({ rule }) => rule.name))];
  return names.map((name) => [name, verdicts.filter(({ rule }) => rule.name === name)]);
}
