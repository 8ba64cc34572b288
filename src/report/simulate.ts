import type { CaseResult, SimulateResult, Unreached } from '../content/case-result';
import { neutral } from '../text/neutral';

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
  const head = `${WORDS[status]} ${neutral(file)} (${events} ${events === 1 ? 'event' : 'events'})`;
  const details = [...reasons, ...diff.split('\n').filter((line) => line !== '')];
  return [head, ...details.map((line) => `    ${neutral(line)}`)];
}

function unreachedLines(unreached: readonly Unreached[]): string[] {
  if (unreached.length === 0) return [];
  return ['No event came to:', ...unreached.map(({ pipeline, tag }) => `    ${pipeline}: ${neutral(tag)}`)];
}

/** The cases as JUnit XML, one suite a pipeline; what build servers read. */
export function simulateJunit({ cases }: SimulateResult): string {
  const pipelines = [...new Set(cases.map(({ pipeline }) => pipeline))];
  const lines = pipelines.flatMap((pipeline) => {
    const results = cases.filter((result) => result.pipeline === pipeline);
    const head = `  <testsuite name=${quoted(pipeline)} ${counts(results)}>`;
    return [head, ...results.flatMap(testCase), '  </testsuite>'];
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...lines, '</testsuites>', ''].join('\n');
}

function counts(results: readonly CaseResult[]): string {
  const failed = results.filter(({ status }) => status === 'failed').length;
  const skipped = results.filter(({ status }) => status === 'skipped').length;
  return `tests="${results.length}" failures="${failed}" skipped="${skipped}"`;
}

function testCase({ pipeline, file, status, reasons, diff }: CaseResult): string[] {
  const head = `    <testcase classname=${quoted(pipeline)} name=${quoted(file)}`;
  if (status === 'skipped') return [`${head}><skipped message=${quoted(reasons.join('; '))}/></testcase>`];
  if (status !== 'failed') return [`${head}/>`];
  return [`${head}><failure message=${quoted(reasons.join('; '))}>${escaped(diff)}</failure></testcase>`];
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`;
}

/** XML 1.0 has no place for most control characters, nor for half of a surrogate pair, however they are written. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
