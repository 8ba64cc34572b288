import type { Problem } from '../errors';
import { isRecord } from '../json';
import type { Call } from './check-pipeline';
import { stringsOf } from '../lists';
import type { SourcedResource } from './resource';

/** Pipelines of this name belong to the user: they may or may not exist in a cluster. */
const USERS_OWN = '@custom';
const NO_PIPELINE = '_none';

/** A pipeline with the calls found in it. */
export interface Caller {
  readonly pipeline: SourcedResource;
  readonly calls: readonly Call[];
}

/**
 * Checks what resources say of each other: called pipelines exist and call nobody in a circle, component templates and
 * default pipelines exist, and no two index templates claim the same index.
 * @param unreadable ids of files that exist but have no valid body: they are known, and reported elsewhere
 * @returns every problem with its place
 */
export function checkReferences(
  callers: readonly Caller[],
  templates: readonly SourcedResource[],
  unreadable: ReadonlySet<string>,
): readonly Problem[] {
  const pipelines = new Set([...callers.map(({ pipeline }) => pipeline.id), ...unreadable]);
  return [
    ...callers.flatMap((caller) => missingCalls(caller, pipelines)),
    ...circles(callers),
    ...missingComponents(templates, unreadable),
    ...templates.flatMap((template) => missingDefaultPipelines(template, pipelines)),
    ...collisions(templates.filter(({ kind }) => kind === 'index_template')),
  ];
}

function missingCalls({ pipeline, calls }: Caller, known: ReadonlySet<string>): Problem[] {
  return calls.flatMap(({ name, path, optional }) => {
    const where = pipeline.source.placeOf(path);
    if (name.endsWith(USERS_OWN)) {
      const hint = 'Add `ignore_missing_pipeline: true`; where there is none, every event would fail.';
      const message = `"${name}" is the user's own and may not exist`;
      return optional ? [] : [{ where, message, hint }];
    }
    if (known.has(name) || name.includes('{{')) return [];
    return [{ where, message: `there is no pipeline "${name}"`, hint: `Known: ${[...known].sort().join(', ')}.` }];
  });
}

function circles(callers: readonly Caller[]): Problem[] {
  const calls = new Map(callers.map((caller) => [caller.pipeline.id, caller.calls]));
  const reaches = (from: string, goal: string, seen: Set<string>): boolean => {
    if (from === goal) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (calls.get(from) ?? []).some((call) => reaches(call.name, goal, seen));
  };
  return callers.flatMap(({ pipeline, calls: own }) =>
    own
      .filter((call) => reaches(call.name, pipeline.id, new Set()))
      .map((call) => ({
        where: pipeline.source.placeOf(call.path),
        message: `"${pipeline.id}" calls itself through "${call.name}"`,
        hint: 'The engine fails every event of a circle of pipelines.',
      })),
  );
}

function missingComponents(templates: readonly SourcedResource[], unreadable: ReadonlySet<string>): Problem[] {
  const components = templates.filter(({ kind }) => kind === 'component_template').map(({ id }) => id);
  const known = new Set([...components, ...unreadable]);
  return templates.flatMap(({ body, source }) => {
    const optional = stringsOf(body.ignore_missing_component_templates);
    return stringsOf(body.composed_of).flatMap((id, index) =>
      known.has(id) || optional.includes(id)
        ? []
        : [
            {
              where: source.placeOf(['composed_of', index]),
              message: `there is no component template "${id}"`,
              hint: `Known: ${[...known].sort().join(', ')}.`,
            },
          ],
    );
  });
}

function missingDefaultPipelines({ body, source }: SourcedResource, known: ReadonlySet<string>): Problem[] {
  const settings = isRecord(body.template) ? body.template.settings : undefined;
  if (!isRecord(settings)) return [];
  const nested = isRecord(settings.index) ? settings.index : {};
  return ['default_pipeline', 'final_pipeline'].flatMap((name) => {
    const [id, path] =
      nested[name] === undefined ? [settings[`index.${name}`], [`index.${name}`]] : [nested[name], ['index', name]];
    if (id === undefined || id === NO_PIPELINE || (typeof id === 'string' && known.has(id))) return [];
    const where = source.placeOf(['template', 'settings', ...path]);
    const message = `there is no pipeline ${JSON.stringify(id)}`;
    return [{ where, message, hint: `Every event would be refused. Known: ${[...known].sort().join(', ')}.` }];
  });
}

/** Two index templates of one priority that match one index: the engines refuse the second. */
function collisions(templates: readonly SourcedResource[]): Problem[] {
  return templates.flatMap((template, position) =>
    templates.slice(0, position).flatMap((earlier) => {
      if (earlier.body.priority !== template.body.priority) return [];
      const theirs = stringsOf(earlier.body.index_patterns);
      return stringsOf(template.body.index_patterns).flatMap((pattern, index) =>
        theirs
          .filter((other) => overlap(pattern, other))
          .map((other) => ({
            where: template.source.placeOf(['index_patterns', index]),
            message: `"${pattern}" meets "${other}" of ${earlier.id} at the same priority`,
            hint: 'Make one pattern narrower, or give one template a higher priority.',
          })),
      );
    }),
  );
}

/** Whether some text matches both patterns, in which `*` stands for any run of characters. */
export function overlap(left: string, right: string): boolean {
  const [first] = left;
  const [second] = right;
  if (first === undefined && second === undefined) return true;
  if (first === '*') return overlap(left.slice(1), right) || (second !== undefined && overlap(left, right.slice(1)));
  if (second === '*') return overlap(right, left);
  return first !== undefined && first === second && overlap(left.slice(1), right.slice(1));
}
