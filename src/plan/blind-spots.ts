import { defaultIndices, DATASETS, OWN_DATASETS, ownStreams } from '../detections/indices';
import { ProblemError } from '../errors';
import type { JsonRecord } from '../json';
import type { Content, Scope } from '../resources/kind';
import type { BlindSpot } from '../visibility/blind-spot';
import { findBlindSpots, type Visibility } from '../visibility/check';
import type { Reading } from '../visibility/field-spots';
import { readIndexStates } from '../visibility/index-states';
import { ownStream } from '../visibility/standing';
import { readStreams } from '../visibility/streams';
import type { ExecutableRule } from '../schedulers/deployed-rule';
import type { StoredQuery } from '../schedulers/scheduler';
import type { Deployment } from './deployment';
import type { Plan } from './plan';

/**
 * What the rules of a content could not see once it is deployed.
 * @throws ProblemError when the cluster does not answer
 */
export async function blindSpotsOf(scope: Scope, { rules, resources }: Content): Promise<readonly BlindSpot[]> {
  const { cluster, namespace, indices = defaultIndices(namespace) } = scope;
  const templates = resources.filter(({ kind }) => kind === 'index_template');
  const priorities = prioritiesOf(templates);
  const { spots } = await findBlindSpots(cluster, {
    namespace,
    indices,
    readings: rules.map((rule) => ({ rule })),
    priorities,
  });
  return spots;
}

/** A rule, its index list, and its query where the scheduler's own can be read. */
export type ListedReading = Reading & Pick<ExecutableRule, 'rule' | 'indices'>;

/** The rules that deploys stored on the cluster, whatever scheduler they are for. */
export async function storedQueries(deployment: Deployment): Promise<readonly StoredQuery[]> {
  const stored: StoredQuery[] = [];
  for (const each of Object.values(deployment.schedulers))
    stored.push(...((await each.storedRules?.(deployment)) ?? []));
  return stored;
}

/** The rules with what they read; before a deploy, what they would read. */
export function readingsOf(
  { namespace, indices }: Scope,
  { rules }: Content,
  stored: readonly StoredQuery[],
): readonly ListedReading[] {
  return stored.length > 0 ? stored : rules.map((rule) => ({ rule, indices: indices ?? defaultIndices(namespace) }));
}

/**
 * What the rules cannot see as they are deployed. All have one index list, unless a deploy with other settings left some behind.
 * @throws ProblemError when the cluster does not answer
 */
export function visibilityOf({ cluster, namespace }: Scope, readings: readonly ListedReading[]): Promise<Visibility> {
  const indices = [...new Set(readings.flatMap((each) => each.indices))];
  return findBlindSpots(cluster, { namespace, indices, readings });
}

/**
 * Refuses a deploy after which events would come into our streams and no rule could see them: another template governs them, or
 * something else stands under their names. Nobody can say yes to that.
 * @param plan what is to be deployed
 * @throws ProblemError REFUSED with all of them, and what to do
 */
export async function refuseBlind(scope: Scope, { steps }: Plan): Promise<void> {
  const { cluster, namespace, indices = defaultIndices(namespace) } = scope;
  if (!ownStreams(namespace).some((name) => indices.includes(name))) return;
  const templates = steps.flatMap(({ kind, change: { id }, desired }) =>
    kind.name === 'index_template' && desired !== undefined ? [{ id, body: desired.body }] : [],
  );
  const spots = await streamSpots(scope, prioritiesOf(templates));
  const certain = spots.filter((spot) => spot.certain);
  if (certain.length === 0) return;
  throw new ProblemError(
    'REFUSED',
    certain.map(({ message, fix }) => ({
      where: { url: cluster.url },
      message: `${message}. Nothing was changed.`,
      hint: fix,
    })),
  );
}

/**
 * What keeps our pipelines from our streams, whether rules read them or not.
 * @throws ProblemError when the cluster refuses or does not answer
 */
export async function streamSpots(
  { cluster, namespace }: Pick<Scope, 'cluster' | 'namespace'>,
  priorities?: ReadonlyMap<string, number>,
): Promise<readonly BlindSpot[]> {
  const streams = [...OWN_DATASETS, DATASETS.unrecognised].map((dataset) => ownStream(dataset, namespace));
  const states = await readIndexStates(
    cluster,
    streams.map(({ name }) => name),
  );
  const found = await readStreams(cluster, streams, states, { priorities });
  return found.flatMap(({ now, next }) => [...now, ...next]);
}

function prioritiesOf(
  templates: readonly { readonly id: string; readonly body: JsonRecord }[],
): ReadonlyMap<string, number> {
  return new Map(
    templates.flatMap(({ id, body }) => (typeof body.priority === 'number' ? [[id, body.priority] as const] : [])),
  );
}
