import { ProblemError } from '../errors';
import { isRecord, type JsonRecord } from '../json';
import { untyped } from '../cluster/untyped';
import { streamsByTemplate } from './data-stream';
import type { Desired, Kind, Live, Scope } from './kind';
import { only } from './ownership';

/**
 * How long events are kept, where the settings say so: Elasticsearch's data stream lifecycle. A template gives it to the data
 * streams that are made after it; this kind to those that exist. Without the setting no lifecycle is written, changed or
 * deleted: what somebody else decided on keeping events stays.
 */
export const dataStreamLifecycle: Kind = {
  name: 'data_stream_lifecycle',

  async desired({ cluster, retention }, { resources }) {
    if (retention === undefined) return [];
    const made = await streamsByTemplate(cluster, resources);
    return made.flatMap(({ template, streams }) =>
      streams.map(({ name }): Desired => ({ id: name, body: { data_retention: retention }, place: template.place })),
    );
  },

  async list({ cluster }, ids) {
    if (ids.length === 0) return [];
    const { data_streams: streams } = await cluster.client.indices.getDataStream({ name: [...ids] });
    return streams.flatMap(({ name, lifecycle }): Live[] =>
      lifecycle === undefined ? [] : [{ id: name, body: { ...lifecycle }, ours: true }],
    );
  },

  put: async ({ cluster }, { id, body }) => {
    await cluster.client.indices.putDataLifecycle({ name: id, body: untyped(body) });
  },

  remove: async ({ cluster }, id) => {
    await cluster.client.indices.deleteDataLifecycle({ name: id }, { ignore: [404] });
  },

  normalize: (body) => only(body, ['data_retention']),
  refs: () => [],
};

/**
 * The part of a template that says how long the events of its data streams are kept.
 * @returns an empty object where nothing is said, or the template makes no data streams
 * @throws ProblemError SETTINGS on OpenSearch, which has no such lifecycle
 */
export function lifecycleOf(template: JsonRecord, { cluster, retention }: Scope): JsonRecord {
  if (retention === undefined || !isRecord(template.data_stream)) return {};
  if (cluster.product === 'elasticsearch') return { lifecycle: { data_retention: retention } };
  throw new ProblemError('SETTINGS', [
    {
      where: { url: cluster.url },
      message: `\`retention: ${retention}\` needs the data stream lifecycle of Elasticsearch; this is OpenSearch ${cluster.version}`,
      hint: 'Take it out of the settings, and let a policy of Index State Management delete old backing indices of logs-*.process_creation-* and logs-crowdstrike.process_rollup2-*.',
    },
  ]);
}

/** A template block without what Elasticsearch adds to a lifecycle (`enabled: true`). */
export function normalizeLifecycle(template: JsonRecord): JsonRecord {
  return isRecord(template.lifecycle)
    ? { ...template, lifecycle: only(template.lifecycle, ['data_retention']) }
    : template;
}
