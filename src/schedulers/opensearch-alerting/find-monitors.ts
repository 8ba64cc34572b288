import { isRecord, type JsonRecord } from '../../json';
import { askAlerting } from './plugin';
import type { Cluster } from '../../cluster/cluster';
import { hasOurName, isLeft, monitorMark, NAME_PREFIX, ownerOf, triggerOf } from './monitor-ownership';

/** A monitor as it is stored, and what is needed to change exactly this version of it. */
export interface Found {
  readonly id: string;
  readonly seqNo: number;
  readonly primaryTerm: number;
  readonly monitor: JsonRecord;
}

/** What one search may return: ten times what a cluster holds unless its settings say more. Without a size it is 10. */
const MOST_MONITORS = 10_000;

interface Answer {
  readonly hits?: {
    readonly hits: readonly {
      readonly _id: string;
      readonly _seq_no: number;
      readonly _primary_term: number;
      readonly _source: JsonRecord;
    }[];
  };
}

const OUR_NAMES = { prefix: { 'monitor.name.keyword': NAME_PREFIX } };

/**
 * The monitors of ours of every namespace. A rule has one, or more of the same name where a creation was done twice: of these
 * comes first what is to stay, the one that an analyst switched off, else the least recently changed. A copy under another
 * name is somebody else's, whatever it begins with.
 */
export async function ourMonitors(cluster: Cluster): Promise<Found[]> {
  const byRule = new Map<string, Found[]>();
  for (const found of await search(cluster, OUR_NAMES)) {
    const owner = ownerOf(found.monitor);
    if (owner === undefined) continue;
    const key = `${owner.namespace}/${owner.id}`;
    byRule.set(key, [...(byRule.get(key) ?? []), found]);
  }
  return [...byRule.values()].flatMap(ofOneName);
}

/** @param found all of one rule and namespace, the least recently changed first */
function ofOneName(found: readonly Found[]): Found[] {
  const namespace = ownerOf(found[0]?.monitor ?? {})?.namespace ?? '';
  const named = found.filter(({ monitor }) => hasOurName(monitor, namespace));
  const [first, ...others] = [...(named.length > 0 ? named : found)].sort(
    (left, right) => Number(isEnabled(left)) - Number(isEnabled(right)),
  );
  if (first === undefined) return [];
  return [first, ...others.filter(({ monitor }) => monitor.name === first.monitor.name)];
}

function isEnabled({ monitor }: Found): boolean {
  return monitor.enabled !== false;
}

/** Those of ours that a rule has in a namespace: what is to stay first. */
export async function monitorsOf(cluster: Cluster, namespace: string, rule: string): Promise<Found[]> {
  return (await ourMonitors(cluster)).filter(({ monitor }) => {
    const owner = ownerOf(monitor);
    return owner?.id === rule && owner.namespace === namespace;
  });
}

/** The monitors that run a rule of ours and are not ours (any more): their trigger is the rule's, their name is not ours. */
export async function takenOver(cluster: Cluster, namespace: string, rules: readonly string[]): Promise<Found[]> {
  if (rules.length === 0) return [];
  // Triggers are not indexed.
  const all = await allMonitors(cluster);
  return all.filter(({ monitor }) => {
    const mark = monitorMark(monitor);
    const ofOther = mark !== undefined && mark.namespace !== namespace;
    return ownerOf(monitor) === undefined && !ofOther && rules.includes(String(triggerOf(monitor).id));
  });
}

/** All monitors of the cluster, whoever owns them. */
export function allMonitors(cluster: Cluster): Promise<Found[]> {
  return search(cluster, { match_all: {} });
}

/** The least recently changed first. */
async function search(cluster: Cluster, query: JsonRecord): Promise<Found[]> {
  const { body } = await askAlerting<Answer>(cluster, {
    method: 'POST',
    path: '/_search',
    body: { size: MOST_MONITORS, version: true, seq_no_primary_term: true, query },
    // Before the first monitor there is no index to search.
    allow: [404],
  });
  return (body.hits?.hits ?? [])
    .filter(({ _source }) => isRecord(_source))
    .map((hit) => ({ id: hit._id, seqNo: hit._seq_no, primaryTerm: hit._primary_term, monitor: hit._source }))
    .sort((left, right) => left.seqNo - right.seqNo);
}

/** The namespaces whose rules are monitors of this cluster; what was left behind by rules that moved does not count. */
export async function monitorNamespaces(cluster: Cluster): Promise<Set<string>> {
  const running = (await ourMonitors(cluster)).filter(({ monitor }) => !isLeft(monitor));
  return new Set(running.flatMap(({ monitor }) => ownerOf(monitor)?.namespace ?? []));
}
