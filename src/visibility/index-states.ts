import type { Cluster } from '../cluster/cluster';
import { flatSettings } from '../resources/effective-template';
import type { BlindSpot } from './blind-spot';
import type { IndexState } from './standing';

/** What is read of an index; the mapping of a shipper's index has thousands of fields. */
const PARTS = [
  'data_stream',
  'aliases',
  'settings.index.default_pipeline',
  'settings.index.verified_before_close',
  'settings.index.frozen',
  'mappings._meta',
  'mappings._source',
];

/** Whether a name of an index list is one of another cluster; `<date math>` has colons as well. */
export function isRemote(name: string): boolean {
  return name.includes(':') && !name.startsWith('<');
}

/**
 * The indices behind an index list by name, closed ones included.
 * @param names names and patterns of this cluster; those that are not there are passed over
 * @throws ProblemError when the cluster refuses
 */
export async function readIndexStates(
  { client }: Cluster,
  names: readonly string[],
): Promise<ReadonlyMap<string, IndexState>> {
  if (names.length === 0) return new Map();
  const { statusCode, body } = await client.indices.get(
    {
      index: [...names],
      ignore_unavailable: true,
      allow_no_indices: true,
      expand_wildcards: ['open', 'closed', 'hidden'],
      filter_path: PARTS.map((part) => `*.${part}`),
    },
    { ignore: [404], meta: true },
  );
  return statusCode === 404 ? new Map() : new Map(Object.entries(body));
}

/** The write indices of the data streams among these indices, by the stream's name. */
export async function readWriteIndices(
  { client }: Cluster,
  states: ReadonlyMap<string, IndexState>,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const there = new Set([...states.values()].flatMap(({ data_stream: stream }) => stream ?? []));
  const streams = wanted.filter((name) => there.has(name));
  if (streams.length === 0) return new Map();
  const { statusCode, body } = await client.indices.getDataStream({ name: streams }, { ignore: [404], meta: true });
  if (statusCode === 404) return new Map();
  return new Map(body.data_streams.map(({ name, indices }) => [name, indices.at(-1)?.index_name ?? name]));
}

/** What keeps searches from whole indices, or alerts from the values of events. */
export function stateSpots(states: ReadonlyMap<string, IndexState>): BlindSpot[] {
  return [...states].flatMap(([index, state]): BlindSpot[] => {
    const settings = flatSettings(state.settings);
    const spot = { certain: false, index, rules: [] };
    if (settings['index.verified_before_close'] === 'true') {
      const message = `${index} is closed: searches leave it out without an error`;
      return [{ ...spot, code: 'closed_index', message, fix: `POST /${index}/_open` }];
    }
    if (settings['index.frozen'] === 'true') {
      const message = `${index} is frozen: searches leave it out without an error`;
      return [{ ...spot, code: 'frozen_index', message, fix: `POST /${index}/_unfreeze` }];
    }
    if (state.mappings?._source?.enabled === false) {
      const message = `${index} keeps no _source: alerts on its events have no host, user and process`;
      const fix =
        'Switch _source on in the template of the index (`_source: {enabled: true}`), and roll over or reindex.';
      return [{ ...spot, code: 'no_source', message, fix }];
    }
    return [];
  });
}
