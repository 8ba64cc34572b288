import type { Problem } from '../errors';
import { isRecord } from '../json';
import { INSTEAD, PROCESSORS } from './processors';
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
