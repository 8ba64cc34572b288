import type { Cluster } from '../cluster/cluster';
import { MANAGED_BY } from '../resources/ownership';
import type { BlindSpot } from './blind-spot';
import { composedSpots, pipelineOf, simulatedTemplate } from './composed';
import type { Compared } from './field-spots';
import { readWriteIndices } from './index-states';
import { standingOf, standingSpots, type IndexState, type OwnStream, type Standing } from './standing';

/** An index template of the cluster, as far as it matters who wins. */
export interface ListedTemplate {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly priority: number;
  readonly isOurs: boolean;
}

/** The priority of our templates, where neither the content nor the cluster has another. */
const OUR_PRIORITY = 250;

/** The index templates of a cluster. */
export async function listTemplates({ client }: Cluster): Promise<ListedTemplate[]> {
  const { statusCode, body } = await client.indices.getIndexTemplate({}, { ignore: [404], meta: true });
  if (statusCode === 404) return [];
  return body.index_templates.map(({ name, index_template: template }) => ({
    name,
    patterns: [template.index_patterns].flat(),
    priority: template.priority ?? 0,
    isOurs: template._meta?.managed_by === MANAGED_BY,
  }));
}

/**
 * The templates that keep ours from governing a stream: of those that match its name, the one of the highest priority counts; which
 * of two of equal priority does, nothing says.
 * @param priorities of our templates, as they are to be deployed; those of the cluster count where not given
 */
export function rivalsOf(
  { name, template }: OwnStream,
  templates: readonly ListedTemplate[],
  priorities: ReadonlyMap<string, number> = new Map(),
): { readonly rivals: readonly ListedTemplate[]; readonly priority: number } {
  const there = templates.find((each) => each.name === template);
  const priority = priorities.get(template) ?? there?.priority ?? OUR_PRIORITY;
  const rivals = templates.filter(
    (each) =>
      each.name !== template && each.priority >= priority && each.patterns.some((pattern) => matches(pattern, name)),
  );
  return { rivals: rivals.sort((left, right) => right.priority - left.priority), priority };
}

/** Whether a name is one of those that a pattern stands for; `*` is its only wildcard. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}

/** What a rival template means for a stream. */
export function rivalSpot(stream: OwnStream, rival: ListedTemplate, priority: number): BlindSpot {
  const { name, template } = stream;
  const about = `index template "${rival.name}" (priority ${rival.priority}, patterns ${rival.patterns.join(', ')})`;
  const message =
    rival.priority > priority
      ? `${about} wins over ${template} (priority ${priority}) for ${name}: events there get neither our pipeline nor our field types`
      : `${about} has the same priority as ${template} and matches ${name} as well: which of the two governs it is undefined`;
  return {
    code: 'other_template',
    certain: true,
    index: name,
    rules: [],
    message,
    fix: `Give "${rival.name}" a priority below ${priority} or narrower patterns (PUT /_index_template/${rival.name}), or raise the priority in mappings/index-templates of your own content (--content). Then deploy again.`,
  };
}

/** One of our streams as it is. */
export interface StreamState {
  readonly stream: OwnStream;
  readonly standing: Standing;
  /** What is wrong with what stands there. */
  readonly now: readonly BlindSpot[];
  /** What would be wrong with a new index: the first one, or the next of a rollover. */
  readonly next: readonly BlindSpot[];
}

/**
 * What stands under the names of our streams, and what would govern a new index of each. A template of somebody else's may win, as
 * long as it gives them our pipeline.
 * @param states of the indices under their names
 * @param options.priorities see {@link rivalsOf}
 * @param options.compared what the rules compare
 */
export async function readStreams(
  cluster: Cluster,
  streams: readonly OwnStream[],
  states: ReadonlyMap<string, IndexState>,
  options: {
    readonly priorities?: ReadonlyMap<string, number> | undefined;
    readonly compared?: readonly Compared[];
  } = {},
): Promise<StreamState[]> {
  if (streams.length === 0) return [];
  const { priorities, compared = [] } = options;
  const names = streams.map(({ name }) => name);
  const writeIndices = await readWriteIndices(cluster, states, names);
  const templates = await listTemplates(cluster);
  return Promise.all(
    streams.map(async (stream) => {
      const standing = standingOf(stream, states, writeIndices);
      const { rivals, priority } = rivalsOf(stream, templates, priorities);
      const isInstalled = templates.some(({ name, isOurs }) => name === stream.template && isOurs);
      // Before the first deploy nothing of ours governs; that is no fault.
      const [rival] = rivals;
      const winner = rival?.name ?? (isInstalled ? stream.template : undefined);
      const template = winner === undefined ? undefined : await simulatedTemplate(cluster, winner);
      const governs =
        template !== undefined && pipelineOf(template) === stream.pipeline && rival?.priority !== priority;
      const next =
        rival !== undefined && !governs
          ? [rivalSpot(stream, rival, priority)]
          : template === undefined
            ? []
            : composedSpots(stream, template, compared);
      return { stream, standing, now: standingSpots(stream, standing), next };
    }),
  );
}
