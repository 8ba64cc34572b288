import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError, type Problem } from '../errors';
import { isRecord, type JsonRecord } from '../json';
import { parseJson } from '../text/lossless-json';
import { readYaml } from '../content/yaml-file';

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

/** What elastic-package's `-config.yml` files can say. */
interface FixtureConfig {
  /** Added to every event. */
  readonly fields: JsonRecord;
  /** Fields that differ from run to run, and the form their values must have; they are not compared. */
  readonly dynamicFields: ReadonlyMap<string, RegExp>;
  /** What the first line of an event of several lines looks like; without it every line of a `.log` is an event. */
  readonly firstLine: RegExp | undefined;
  /** Why this case is not run. */
  readonly skip: string | undefined;
}

const NO_CONFIG: FixtureConfig = { fields: {}, dynamicFields: new Map(), firstLine: undefined, skip: undefined };

/** numeric_keyword_fields and string_number_fields guide elastic-package's check of field definitions; here they say nothing. */
const KNOWN = ['multiline', 'fields', 'dynamic_fields', 'numeric_keyword_fields', 'string_number_fields', 'skip'];

/**
 * A config file laid over another: fields and dynamic fields are merged, the rest is replaced.
 * @param file where it may be; `base` is the answer when there is none
 * @throws ProblemError CONTENT_INVALID with every problem of the file
 */
function readConfig(file: string, base: FixtureConfig): FixtureConfig {
  if (!existsSync(file)) return base;
  const yaml = readYaml(file);
  const problems: Problem[] = [];
  const say = (path: readonly string[], message: string, hint?: string) =>
    problems.push({ where: yaml.placeOf(path), message, hint });
  const map = (key: string, within: unknown): Record<string, unknown> => {
    const value = isRecord(within) ? within[key] : undefined;
    if (value === undefined || value === null) return {};
    if (isRecord(value)) return value;
    say([key], `${key} is a map`);
    return {};
  };
  const pattern = (text: unknown, path: readonly string[]): RegExp | undefined => {
    try {
      return regExpOf(text);
    } catch (error) {
      say(path, `not a regular expression: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };

  const value: unknown = yaml.value ?? {};
  if (!isRecord(value)) say([], 'a config file is a map');
  for (const key of Object.keys(isRecord(value) ? value : {}).filter((name) => !KNOWN.includes(name))) {
    say([key], `"${key}" is not known in a config file`, `Known: ${KNOWN.join(', ')}.`);
  }
  const dynamic = Object.entries(map('dynamic_fields', value)).flatMap(([field, text]): [string, RegExp][] => {
    const compiled = pattern(text, ['dynamic_fields', field]);
    return compiled === undefined ? [] : [[field, compiled]];
  });
  const firstLine = map('multiline', value).first_line_pattern;
  const skip = map('skip', value);
  const config: FixtureConfig = {
    fields: { ...base.fields, ...map('fields', value) },
    dynamicFields: new Map([...base.dynamicFields, ...dynamic]),
    firstLine: firstLine === undefined ? base.firstLine : pattern(firstLine, ['multiline', 'first_line_pattern']),
    skip: typeof skip.reason === 'string' ? reasonOf(skip.reason, skip.link) : base.skip,
  };
  if (problems.length > 0) throw new ProblemError('CONTENT_INVALID', problems);
  return config;
}

function reasonOf(reason: string, link: unknown): string {
  return typeof link === 'string' ? `${reason} (${link})` : reason;
}

/** The patterns are Go's; of what JavaScript writes otherwise, leading flags are the part in use. */
function regExpOf(text: unknown): RegExp {
  if (typeof text !== 'string') throw new Error('it is not a text');
  const [, flags = '', source = text] = /^\(\?([ims]+)\)(.*)$/s.exec(text) ?? [];
  return new RegExp(source, `${flags}u`);
}
