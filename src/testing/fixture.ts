import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError, type Problem } from '../errors';
import { isRecord } from '../json';
import { NO_CONFIG, readConfig, type FixtureConfig } from './fixture-config';
import { parseJson } from '../text/lossless-json';

/** Events for one pipeline, and what it must make of them; elastic-package's format. */
export interface Fixture {
  /** The pipeline's id: the name of the folder. */
  readonly pipeline: string;
  /** The file of events, as it is shown: `test/pipelines/<id>/test-<case>.json`. */
  readonly file: string;
  /** Documents as they are sent, from {@link parseJson}. */
  readonly events: readonly Record<string, unknown>[];
  readonly config: FixtureConfig;
  readonly expectedFile: string;
  /** What each event must become, null for one that is dropped; undefined when nothing is written down yet. */
  readonly expected: readonly unknown[] | undefined;
}

const EVENTS_FILE = /^test-.+\.(json|log)$/;
const NOT_EVENTS = /-(expected\.json|config\.yml)$/;

/**
 * Reads the fixtures of all pipelines.
 * @param folder holds one folder a pipeline, in which are `test-<case>.json|.log`, `<that>-config.yml`,
 *   `<that>-expected.json` and `test-common-config.yml`
 * @throws ProblemError CONTENT_INVALID with every problem of every file, INPUT when there are none at all
 */
export function readFixtures(folder: string): Fixture[] {
  const problems: Problem[] = [];
  const fixtures = foldersIn(folder).flatMap((pipeline) => {
    const own = join(folder, pipeline);
    const common = attempt(problems, () => readConfig(join(own, 'test-common-config.yml'), NO_CONFIG)) ?? NO_CONFIG;
    return readdirSync(own)
      .filter((name) => EVENTS_FILE.test(name) && !NOT_EVENTS.test(name))
      .sort()
      .flatMap((name) => attempt(problems, () => readFixture(pipeline, join(own, name), common)) ?? []);
  });
  if (problems.length > 0) throw new ProblemError('CONTENT_INVALID', problems);
  if (fixtures.length === 0) {
    const hint = 'Write events into test/pipelines/<pipeline id>/test-<case>.json, as {"events": [{…}]}.';
    throw new ProblemError('INPUT', [{ where: { file: folder }, message: 'holds no fixtures', hint }]);
  }
  return fixtures;
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => name).sort();
}

function attempt<T>(problems: Problem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function readFixture(pipeline: string, file: string, common: FixtureConfig): Fixture {
  const config = readConfig(`${file}-config.yml`, common);
  const expectedFile = `${file}-expected.json`;
  const events = file.endsWith('.json') ? eventsOfJson(file) : eventsOfLog(readFileSync(file, 'utf8'), config);
  return {
    pipeline,
    file,
    events: events.map((event) => ({ ...event, ...config.fields })),
    config,
    expectedFile,
    expected: existsSync(expectedFile) ? listIn(expectedFile, 'expected', JSON.parse) : undefined,
  };
}

function eventsOfJson(file: string): Record<string, unknown>[] {
  return listIn(file, 'events', parseJson).map((event, index) => {
    if (isRecord(event)) return event;
    throw new ProblemError('CONTENT_INVALID', [
      { where: { file }, message: `event ${index + 1} is not a JSON object` },
    ]);
  });
}

/** Each line is a `message`, or each run of lines that begins with a first line. */
function eventsOfLog(text: string, { firstLine }: FixtureConfig): Record<string, unknown>[] {
  const messages: string[] = [];
  for (const line of text.replace(/\r?\n$/, '').split(/\r?\n/)) {
    const last = messages.length - 1;
    if (firstLine === undefined || firstLine.test(line) || last < 0) messages.push(line);
    else messages[last] = `${messages[last] ?? ''}\n${line}`;
  }
  return messages.map((message) => ({ message }));
}

function listIn(file: string, key: string, parse: (text: string) => unknown): unknown[] {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const message = `not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ProblemError('CONTENT_INVALID', [{ where: { file }, message }], { cause });
  }
  const list = isRecord(value) ? value[key] : undefined;
  if (Array.isArray(list)) return list;
  throw new ProblemError('CONTENT_INVALID', [{ where: { file }, message: `is not of the form {"${key}": [ … ]}` }]);
}
