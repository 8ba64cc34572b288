import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describePlace, type Problem } from '../errors';

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

interface JunitSuite {
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

const FOLDERS = ['pipelines', 'mappings', 'rules'];

/**
 * The result of `validate` as JUnit XML without newline at its end: a case for each file of the content.
 * @param root the folder that holds pipelines/, mappings/ and rules/
 * @param problems all that is wrong; one that names no file of the content is a case of its own
 */
export function validateJunit(root: string, problems: readonly Problem[]): string {
  const byFile = new Map<string, Problem[]>(
    FOLDERS.flatMap((folder) => yamlFiles(join(root, folder))).map((file) => [file, []]),
  );
  for (const problem of problems) {
    const file = fileOf(problem);
    byFile.set(file, [...(byFile.get(file) ?? []), problem]);
  }
  const cases = [...byFile].map(([name, own]) => ({
    name,
    failure: own[0] === undefined ? undefined : { message: messageOf(own), details: own.map(describe).join('\n') },
  }));
  return junit([{ name: 'validate', cases }]).trimEnd();
}

function yamlFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => join(folder, name));
}

function fileOf({ where }: Problem): string {
  if (where === undefined) return '(everything)';
  return 'file' in where ? where.file : describePlace(where);
}

function messageOf(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join('; ');
}

function describe({ where, message, hint }: Problem): string {
  const place = where === undefined ? '' : `${describePlace(where)}: `;
  return `${place}${message}${hint === undefined ? '' : `\n  ${hint}`}`;
}
