import type { Problem } from '../errors';
import { isRecord } from '../json';
import type { SourcedResource } from './resource';
import type { Path } from './yaml-file';

const KEYS: ReadonlySet<string> = new Set(['description', 'version', 'processors', 'on_failure']);

/** Another pipeline that this one calls, and where the name stands. */
export interface Call {
  readonly name: string;
  readonly path: Path;
  /** Whether the call does nothing when there is no such pipeline. */
  readonly optional: boolean;
}

/** What one pipeline's file says about itself: its mistakes, and the pipelines it calls. */
export interface CheckedPipeline {
  readonly problems: readonly Problem[];
  readonly calls: readonly Call[];
}

/**
 * Checks one pipeline against the subset that Elasticsearch and OpenSearch share (processors.ts).
 * @returns every problem with its place, in the file's order
 */
export function checkPipeline(pipeline: SourcedResource): CheckedPipeline {
  const problems: Problem[] = [];
  const calls: Call[] = [];
  const say = (path: Path, message: string, hint?: string) =>
    problems.push({ where: pipeline.source.placeOf(path), message, hint });

  const list = (value: unknown, path: Path) => {
    if (!Array.isArray(value)) {
      say(path, `${String(path.at(-1))} is a list of processors`);
      return;
    }
    value.forEach((item, index) => {
      processor(item, [...path, index]);
    });
  };

  const processor = (value: unknown, path: Path) => {
    const types = isRecord(value) ? Object.keys(value) : [];
    const [type] = types;
    if (!isRecord(value) || type === undefined || types.length !== 1) {
      const hint = 'Write `- set: {field: …}`, with the options indented below the type.';
      say(path, 'a processor is a map of one key, its type', hint);
      return;
    }
    const known = PROCESSORS.get(type);
    if (known === undefined) {
      const hint = INSTEAD[type] ?? `Known to both products: ${[...PROCESSORS.keys()].join(', ')}.`;
      say([...path, type], `processor "${type}" is not one that both Elasticsearch and OpenSearch have`, hint);
      return;
    }
    const options = value[type] ?? {};
    if (!isRecord(options)) {
      say([...path, type], `the options of ${type} are a map`);
      return;
    }
    for (const option of Object.keys(options).filter((name) => !known.has(name))) {
      const hint = INSTEAD[`${type}.${option}`] ?? `Known to both products: ${[...known].join(', ')}.`;
      say([...path, type, option], `"${option}" is no option of ${type} that both products have`, hint);
    }
    if ('on_failure' in options) list(options.on_failure, [...path, type, 'on_failure']);
    if (type === 'foreach') processor(options.processor, [...path, type, 'processor']);
    if (type === 'pipeline') call(options, [...path, type]);
  };

  const call = (options: Record<string, unknown>, path: Path) => {
    const { name } = options;
    if (typeof name !== 'string' || name === '') say(path, 'a pipeline processor needs the name of a pipeline');
    else calls.push({ name, path: [...path, 'name'], optional: options.ignore_missing_pipeline === true });
  };

  const { body } = pipeline;
  for (const key of Object.keys(body).filter((name) => !KEYS.has(name))) {
    const hint =
      key === '_meta'
        ? 'OpenSearch refuses it in pipelines; deploy writes the ownership mark itself.'
        : `Known: ${[...KEYS].join(', ')}.`;
    say([key], `"${key}" does not belong in a pipeline`, hint);
  }
  if ('description' in body && typeof body.description !== 'string') say(['description'], 'description is a text');
  if ('processors' in body) list(body.processors, ['processors']);
  else say([], 'a pipeline needs a list of processors', 'An empty one is `processors: []`.');
  if ('on_failure' in body) list(body.on_failure, ['on_failure']);
  return { problems, calls };
}

/** The options of every processor. */
const COMMON = ['tag', 'description', 'if', 'ignore_failure', 'on_failure'];

/**
 * The ingest processors and options that Elasticsearch 8 and 9 and OpenSearch 2.19 and 3.x all accept; read off both products'
 * documentation and tried on OpenSearch 3.8. What stands here can be deployed anywhere; anything else is refused offline.
 */
export const PROCESSORS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    append: 'field value allow_duplicates',
    bytes: 'field target_field ignore_missing',
    convert: 'field type target_field ignore_missing',
    csv: 'field target_fields separator quote ignore_missing trim empty_value',
    date: 'field formats target_field timezone locale output_format',
    date_index_name: 'field date_rounding index_name_prefix index_name_format date_formats timezone locale',
    dissect: 'field pattern append_separator ignore_missing',
    dot_expander: 'field path',
    drop: '',
    fail: 'message',
    foreach: 'field processor ignore_missing',
    grok: 'field patterns pattern_definitions trace_match ignore_missing',
    gsub: 'field pattern replacement target_field ignore_missing',
    html_strip: 'field target_field ignore_missing',
    join: 'field separator target_field',
    json: 'field target_field add_to_root',
    kv: 'field field_split value_split target_field include_keys exclude_keys ignore_missing prefix trim_key trim_value strip_brackets',
    lowercase: 'field target_field ignore_missing',
    // Only Elasticsearch knows ignore_missing_pipeline; src/cluster/translate.ts says what becomes of it.
    pipeline: 'name ignore_missing_pipeline',
    remove: 'field ignore_missing',
    rename: 'field target_field ignore_missing',
    script: 'lang id source params',
    set: 'field value override ignore_empty_value',
    sort: 'field order target_field',
    split: 'field separator target_field ignore_missing preserve_trailing',
    trim: 'field target_field ignore_missing',
    uppercase: 'field target_field ignore_missing',
    urldecode: 'field target_field ignore_missing',
    user_agent: 'field target_field regex_file properties ignore_missing',
  }).map(([type, options]) => [type, new Set([...options.split(' ').filter((option) => option !== ''), ...COMMON])]),
);

/** What to write instead of something that only one of the products has. */
export const INSTEAD: Readonly<Record<string, string>> = {
  'set.copy_from': 'OpenSearch has no copy_from: copy in a script, or `value: "{{{field}}}"` for text.',
  copy: 'Elasticsearch has no copy processor: copy in a script.',
  geoip: 'OpenSearch has no geoip processor (ip2geo is a plugin of its own).',
  fingerprint: 'The two products name the options of fingerprint differently.',
  'rename.override': 'Remove the target first.',
  'remove.keep': 'OpenSearch has no keep: remove by name, or in a script.',
  reroute: 'OpenSearch has no reroute processor: set `_index` in a script.',
};
