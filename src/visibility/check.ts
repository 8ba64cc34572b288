import type { Cluster } from '../cluster/cluster';
import { DATASETS, OWN_DATASETS } from '../detections/indices';
import { TIME_FIELDS } from '../detections/group';
import { ProblemError } from '../errors';
import type { BlindSpot } from './blind-spot';
import { countEvents, type EventCount } from './events';
import { eventSpots } from './event-spots';
import { readFields, type FieldMap } from './fields';
import { comparedFields, fieldSpots, longValueQuestions, type Reading } from './field-spots';
import { isRemote, readIndexStates, stateSpots } from './index-states';
import { unreadableSpots } from './readable';
import { ownStream, type IndexState, type OwnStream } from './standing';
import { readStreams } from './streams';

/** An index list, and what is to be seen in it. */
export interface IndexList {
  readonly namespace: string;
  /** Names and patterns. */
  readonly indices: readonly string[];
  readonly readings: readonly Reading[];
  /** Of the index templates that are to be deployed, by id; that of the cluster counts where not given. */
  readonly priorities?: ReadonlyMap<string, number> | undefined;
}

/** What was found in an index list. */
export interface Visibility {
  /** The certain ones first. */
  readonly spots: readonly BlindSpot[];
  /** How the indices map what the rules compare. */
  readonly fields: FieldMap;
}

/**
 * Looks at what rules read as it is on the cluster, not as it was installed: which templates govern our streams, what stands under
 * their names, the types of the fields that the rules compare, and what the documents are. Some ten requests, whatever the number of
 * rules. What cannot be looked at is a blind spot itself.
 * @throws ProblemError UNREACHABLE, UNAUTHORIZED, INTERRUPTED
 */
export async function findBlindSpots(cluster: Cluster, list: IndexList): Promise<Visibility> {
  const { indices, readings } = list;
  const streams = streamsIn(list);
  const local = indices.filter((name) => !isRemote(name));
  const own = streams.map(({ name }) => name);
  const spots: BlindSpot[] = [];
  const attempt = attempts(spots, indices);

  const compared = comparedFields(readings);
  const none = new Map<string, IndexState>();
  const states = await attempt(() => readIndexStates(cluster, local), none);
  const ownStates = await attempt(() => readIndexStates(cluster, own), none);
  const found = await attempt(() => readStreams(cluster, streams, ownStates, { ...list, compared }), []);
  spots.push(...found.flatMap(({ now, next }) => [...now, ...next]));
  spots.push(...stateSpots(states));
  spots.push(...(await attempt(() => unreadableSpots(cluster, local), [])));

  const fields = [...compared.map(({ field }) => field), ...TIME_FIELDS];
  const map = await attempt(() => readFields(cluster, indices, fields), new Map() as FieldMap);
  const questions = longValueQuestions(map, compared, cluster.product);
  const counts = await attempt<EventCount[]>(() => countEvents(cluster, indices, questions), []);
  const labelOf = (index: string): string => states.get(index)?.data_stream ?? index;
  spots.push(...fieldSpots(map, compared, { counts, labelOf }), ...eventSpots(counts, streams, labelOf));
  return { spots: spots.sort((left, right) => Number(right.certain) - Number(left.certain)), fields: map };
}

/** Our streams that are in an index list; with them the one of unrecognised events, which `replay` writes to as well. */
function streamsIn({ namespace, indices }: Pick<IndexList, 'namespace' | 'indices'>): OwnStream[] {
  const read = OWN_DATASETS.map((dataset) => ownStream(dataset, namespace)).filter(({ name }) =>
    indices.includes(name),
  );
  return read.length === 0 ? [] : [...read, ownStream(DATASETS.unrecognised, namespace)];
}

/** A question that the cluster refuses is a blind spot; one that it does not answer ends the whole. */
function attempts(spots: BlindSpot[], indices: readonly string[]) {
  return async <T>(ask: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ProblemError) || !['REFUSED', 'FORBIDDEN'].includes(error.code)) throw error;
      const why = error.problems.map(({ message }) => message).join('; ');
      spots.push({
        code: 'not_checked',
        certain: false,
        index: indices.join(','),
        rules: [],
        message: `what the rules can see could not be checked: ${why}`,
        fix: error.problems[0]?.hint ?? 'Compare your role with the one that `wmi-detections doctor --roles` prints.',
      });
      return otherwise;
    }
  };
}
