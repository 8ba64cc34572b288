import { defaultIndices, DATASETS, OWN_DATASETS } from '../detections/indices';
import { ProblemError } from '../errors';
import type { Content, Scope } from '../resources/kind';
import type { BlindSpot } from '../visibility/blind-spot';
import { findBlindSpots } from '../visibility/check';
import { readIndexStates } from '../visibility/index-states';
import { ownStream } from '../visibility/standing';
import { readStreams } from '../visibility/streams';
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

/**
 * Refuses a deploy after which events would come into our streams and no rule could see them: another template governs them, or
 * something else stands under their names. Nobody can say yes to that.
 * @param plan what is to be deployed
 * @throws ProblemError REFUSED with all of them, and what to do
 */
export async function refuseBlind(scope: Scope, { steps }: Plan): Promise<void> {
  const { cluster, namespace, indices = defaultIndices(namespace) } = scope;
  const streams = [...OWN_DATASETS, DATASETS.unrecognised].map((dataset) => ownStream(dataset, namespace));
  if (!streams.some(({ name }) => indices.includes(name))) return;
  const templates = steps.flatMap(({ kind, change: { id }, desired }) =>
    kind.name === 'index_template' && desired !== undefined ? [{ id, body: desired.body }] : [],
  );
  const states = await readIndexStates(
    cluster,
    streams.map(({ name }) => name),
  );
  const found = await readStreams(cluster, streams, states, { priorities: prioritiesOf(templates) });
  const certain = found.flatMap(({ now, next }) => [...now, ...next]).filter((spot) => spot.certain);
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

function prioritiesOf(
  templates: readonly { readonly id: string; readonly body: Readonly<Record<string, unknown>> }[],
): ReadonlyMap<string, number> {
  return new Map(
    templates.flatMap(({ id, body }) => (typeof body.priority === 'number' ? [[id, body.priority] as const] : [])),
  );
}
