/** One case of a JUnit report; with neither `failure`, `error` nor `skipped` it passed. */
export interface JunitCase {
  readonly name: string;
  /** What was found wrong: the summary, and details that may have many lines. */
  readonly failure?: { readonly message: string; readonly details: string } | undefined;
  /** Why nothing could be found out. */
  readonly error?: string | undefined;
  /** Why it was left out. */
  readonly skipped?: string | undefined;
}

export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** Suites of cases as JUnit XML, which build servers read; whatever stands in the texts, the XML stays sound. */
export function junit(suites: readonly JunitSuite[]): string {
  const lines = suites.flatMap((suite) => [
    `  <testsuite name=${quoted(suite.name)} ${counts(suite.cases)}>`,
    ...suite.cases.map((each) => testCase(suite.name, each)),
    '  </testsuite>',
  ]);
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...lines, '</testsuites>', ''].join('\n');
}

function counts(cases: readonly JunitCase[]): string {
  const of = (key: 'failure' | 'error' | 'skipped'): number => cases.filter((each) => each[key] !== undefined).length;
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}

function testCase(suite: string, { name, failure, error, skipped }: JunitCase): string {
  const head = `    <testcase classname=${quoted(suite)} name=${quoted(name)}`;
  if (failure !== undefined) {
    return `${head}><failure message=${quoted(failure.message)}>${escaped(failure.details)}</failure></testcase>`;
  }
  if (error !== undefined) return `${head}><error message=${quoted(error)}/></testcase>`;
  if (skipped !== undefined) return `${head}><skipped message=${quoted(skipped)}/></testcase>`;
  return `${head}/>`;
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
