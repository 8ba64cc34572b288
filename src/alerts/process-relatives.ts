import { anyOf, caseless } from '../sigma/compile/query-dsl';
import { textAt, textsAt, type JsonRecord } from '../json';
import type { Cluster } from '../cluster/cluster';
import { readMatches } from '../cluster/search-all';
import type { Hit } from '../detections/group';
import { toIso } from '../text/time';

/** More children than these are counted by nobody who reads them. */
const MOST_CHILDREN = 50;

/** Of an event what tells a person which process it was. */
export const PROCESS_FIELDS: readonly string[] = [
  '@timestamp',
  'event.code',
  'event.dataset',
  'event.ingested',
  'host.id',
  'host.name',
  'process',
  'user',
];

/** How a process was found again: by an id that is its own, or by its number on that host and at that time. */
export type FoundBy = 'entity_id' | 'pid';

export interface ProcessRelative extends Hit {
  readonly by: FoundBy;
}

export interface ProcessRelatives {
  /** The creation of the parent; null where no event of it is there. */
  readonly parent: ProcessRelative | null;
  /** The creations of what the process started, the earliest first; at most 50. */
  readonly children: readonly ProcessRelative[];
}

/**
 * The parent and the children of a process, as far as their creations are in these indices. A process id is given anew once
 * its process has ended: so the parent is the last with that id before the event (and of that name, where the event says it), and
 * the children are those before the next process with the same id.
 * @param event `_source` of the creation of the process
 */
export async function findProcessRelatives(
  cluster: Cluster,
  indices: readonly string[],
  event: JsonRecord,
): Promise<ProcessRelatives> {
  const find = async (most: number, order: 'asc' | 'desc', by: FoundBy, filter: readonly JsonRecord[] | undefined) => {
    if (filter === undefined) return [];
    const hits = await firstMatches(cluster, indices, { filter, order, most });
    return hits.map((hit): ProcessRelative => ({ ...hit, by }));
  };
  const at = eventTime(event);
  const byId = await find(1, 'desc', 'entity_id', parentById(event));
  const [parent] = byId.length > 0 ? byId : await find(1, 'desc', 'pid', parentByPid(event, at));
  const ownById = await find(MOST_CHILDREN, 'asc', 'entity_id', childrenById(event));
  if (ownById.length > 0) return { parent: parent ?? null, children: ownById };
  const [next] = await find(1, 'asc', 'pid', sameNumber(event, at));
  const until = next?._source === undefined ? undefined : eventTime(next._source);
  return { parent: parent ?? null, children: await find(MOST_CHILDREN, 'asc', 'pid', childrenByPid(event, at, until)) };
}

const CREATION: readonly JsonRecord[] = [
  { term: { 'event.category': 'process' } },
  { term: { 'event.type': 'start' } },
];

function parentById(event: object): readonly JsonRecord[] | undefined {
  const id = textAt(event, 'process.parent.entity_id');
  return id === null ? undefined : [{ term: { 'process.entity_id': id } }, ...onHost(event)];
}

function childrenById(event: object): readonly JsonRecord[] | undefined {
  const id = textAt(event, 'process.entity_id');
  return id === null ? undefined : [{ term: { 'process.parent.entity_id': id } }, ...onHost(event)];
}

function parentByPid(event: object, at: number | undefined): readonly JsonRecord[] | undefined {
  const named = textsAt(event, 'process.parent.name').map((name) => caseless('process.name', name));
  return onHostByPid(event, 'process.parent.pid', 'process.pid', between(undefined, at), named);
}

function childrenByPid(event: object, at?: number, until?: number): readonly JsonRecord[] | undefined {
  const nameless = { bool: { must_not: [{ exists: { field: 'process.parent.name' } }] } };
  const names = textsAt(event, 'process.name').map((name) => caseless('process.parent.name', name));
  const named = names.length === 0 ? [] : [anyOf([...names, nameless])];
  return onHostByPid(event, 'process.pid', 'process.parent.pid', between(at, until), named);
}

/** The next process that got the same number on that host; the same creation may be there from another source, too. */
function sameNumber(event: object, at?: number): readonly JsonRecord[] | undefined {
  const later = at === undefined ? undefined : at + A_MINUTE;
  return onHostByPid(event, 'process.pid', 'process.pid', between(later, undefined), []);
}

const A_MINUTE = 60_000;

function onHostByPid(
  event: object,
  from: string,
  field: string,
  time: JsonRecord | undefined,
  named: readonly JsonRecord[],
): readonly JsonRecord[] | undefined {
  const pid = textAt(event, from);
  const host = onHost(event);
  if (pid === null || !/^\d{1,15}$/.test(pid) || host.length === 0 || time === undefined) return undefined;
  return [{ term: { [field]: Number(pid) } }, ...host, time, ...named];
}

/** The same host by its name or its id, whichever the event has. */
function onHost(event: object): readonly JsonRecord[] {
  const known = ['host.name', 'host.id'].flatMap((field) =>
    textsAt(event, field).map((value) => caseless(field, value)),
  );
  return known.length === 0 ? [] : [anyOf(known)];
}

/** Both ends included; without an event's own time nothing can be told from a number. */
function between(from: number | undefined, to: number | undefined): JsonRecord | undefined {
  if (from === undefined && to === undefined) return undefined;
  return {
    range: {
      '@timestamp': { ...(from !== undefined && { gte: toIso(from) }), ...(to !== undefined && { lte: toIso(to) }) },
    },
  };
}

async function firstMatches(
  cluster: Cluster,
  indices: readonly string[],
  { filter, order, most }: { filter: readonly JsonRecord[]; order: 'asc' | 'desc'; most: number },
): Promise<Hit[]> {
  const query = { bool: { filter: [...CREATION, ...filter] } };
  const sort = [{ '@timestamp': { order, unmapped_type: 'date' } }];
  for await (const hits of readMatches(cluster, { indices, query, sort, source: PROCESS_FIELDS })) {
    return hits.slice(0, most);
  }
  return [];
}

/** Milliseconds since 1970; undefined where an event has no time that can be read. */
export function eventTime(event: JsonRecord): number | undefined {
  const [time] = textsAt(event, '@timestamp');
  const read = /^\d+$/.test(time ?? '') ? Number(time) : Date.parse(time ?? '');
  return Number.isNaN(read) ? undefined : read;
}
