import type { CaseResult, SimulateResult, Unreached } from '../testing/case-result';
import { escapeForTerminal } from '../text/escape';
import { plural } from '../text/plural';
import { junit, type JunitCase } from './junit';

const WORDS: Readonly<Record<CaseResult['status'], string>> = {
  passed: 'ok     ',
  failed: 'FAILED ',
  skipped: 'skipped',
  generated: 'written',
};

/** The cases with what is wrong with each, the processors that nothing came to, and the numbers; for a person. */
export function simulateText({ cases, unreached }: SimulateResult): string {
  const count = (status: CaseResult['status']) => cases.filter((result) => result.status === status).length;
  const numbers = [`${count('passed')} passed`, `${count('failed')} failed`, `${count('skipped')} skipped`];
  if (count('generated') > 0) numbers.push(`${count('generated')} written`);
  return [...cases.flatMap(caseLines), ...unreachedLines(unreached), numbers.join(', ')].join('\n');
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
