import { existsSync } from 'node:fs';
import { ProblemError, type Problem } from '../errors';
import { isRecord } from '../json';
import { readYaml } from '../content/yaml-file';

/** What elastic-package's `-config.yml` files can say. */
export interface FixtureConfig {
  /** Added to every event. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fields that differ from run to run, and the form their values must have; they are not compared. */
  readonly dynamicFields: ReadonlyMap<string, RegExp>;
  /** What the first line of an event of several lines looks like; without it every line of a `.log` is an event. */
  readonly firstLine: RegExp | undefined;
  /** Why this case is not run. */
  readonly skip: string | undefined;
}

export const NO_CONFIG: FixtureConfig = { fields: {}, dynamicFields: new Map(), firstLine: undefined, skip: undefined };

/** numeric_keyword_fields and string_number_fields guide elastic-package's check of field definitions; here they say nothing. */
const KNOWN = ['multiline', 'fields', 'dynamic_fields', 'numeric_keyword_fields', 'string_number_fields', 'skip'];

/**
 * A config file laid over another: fields and dynamic fields are merged, the rest is replaced.
 * @param file where it may be; `base` is the answer when there is none
 * @throws ProblemError CONTENT_INVALID with every problem of the file
 */
export function readConfig(file: string, base: FixtureConfig): FixtureConfig {
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
