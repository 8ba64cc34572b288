import type { estypes } from '@elastic/elasticsearch';
import type { Cluster } from '../../cluster/cluster';
import { ProblemError } from '../../errors';
import { canonicalJson, isRecord, type JsonRecord } from '../../json';
import { plural } from '../../text/plural';
import type { Content, Scope } from '../../resources/kind';
import { allMonitors, type Found } from './find-monitors';
import { desiredMonitor, searchOf } from './monitor-body';
import { isLeft, ownerOf } from './monitor-ownership';
import { MOST_HELD, someAlerts } from './plugin-alerts';
import { normalizeMonitor } from './normalize-monitor';

/*
 * Limits of the plugin that a deployment can reach (seen on 3.4.0.0). None of them is an error anywhere: runs fail or alerts are
 * raised again, and nothing says so.
 *
 *   limit                                   | beyond it
 *   ----------------------------------------|---------------------------------------------------------------------
 *   100 search texts on a node              | each run compiles anew; from 75 in five minutes on runs fail
 *   500 open alerts of a monitor            | each run raises the others again
 *   10,000 alerts of a monitor              | older ones cannot be read
 */

/** The plugin loads so many open alerts of a monitor in a run (its source: MAX_BUCKET_LEVEL_MONITOR_ALERT_SEARCH_COUNT). */
const MOST_OPEN = 500;

/** `script.context.template.cache_max_size` unless set. */
const CACHED_TEXTS = 100;

/**
 * The limits that are passed, a sentence each.
 * @param content what is to be deployed; without it, only what is there counts
 */
export async function alertingLimits(scope: Scope, content?: Content): Promise<string[]> {
  const { cluster, namespace } = scope;
  const all = await allMonitors(cluster);
  const ours = all.filter(({ monitor }) => ownerOf(monitor)?.namespace === namespace && !isLeft(monitor));
  const sentences = [...(await textLimit(cluster, all, ours, content && wanted(scope, content)))];
  for (const found of ours) sentences.push(...(await alertLimits(cluster, found)));
  return [...sentences, ...(await refusedCompilations(cluster))];
}

/** The monitors of the content; a rule that cannot be expressed has none. */
function wanted(scope: Scope, content: Content): JsonRecord[] {
  return content.rules.flatMap((rule) => {
    try {
      return [desiredMonitor(scope, content, rule).body];
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'RULE_INVALID') return [];
      throw error;
    }
  });
}

/** A monitor compiles its search, and with a match one more text, which holds the last group that it found. */
async function textLimit(
  cluster: Cluster,
  all: readonly Found[],
  ours: readonly Found[],
  planned: readonly JsonRecord[] | undefined,
): Promise<string[]> {
  const stay = planned === undefined ? all : all.filter((found) => !ours.includes(found));
  const running = [
    ...stay.map(({ monitor }) => monitor).filter(({ enabled }) => enabled !== false),
    ...(planned ?? []),
  ];
  const texts = new Set(running.map(({ inputs }) => canonicalJson(plainSearch(inputs)))).size;
  const most = await cachedTexts(cluster);
  if (texts + running.length <= most) return [];
  const when = planned === undefined ? '' : ' after a deploy';
  return [
    `${plural(running.length, 'enabled monitor')} will have${when} up to ${texts + running.length} search texts (one for each search, one more for each monitor with a match), and a node keeps ${most} compiled: runs may fail with "Too many dynamic script compilations". Raise script.context.template.cache_max_size and script.context.template.max_compilations_rate`,
  ];
}

/** The search in the form in which the server's and ours are the same. */
function plainSearch(inputs: unknown): unknown {
  return searchOf(inputs)?.query === undefined ? null : normalizeMonitor({ inputs }).search;
}

async function cachedTexts({ client }: Cluster): Promise<number> {
  const { statusCode, body } = await client.cluster.getSettings(
    { flat_settings: true },
    { ignore: [400, 403, 404], meta: true },
  );
  const { persistent = {}, transient = {} }: Partial<estypes.ClusterGetSettingsResponse> =
    statusCode === 200 ? body : {};
  const set = { ...persistent, ...transient };
  if (set['script.context.template.max_compilations_rate'] === 'unlimited') return Infinity;
  const size = Number(set['script.context.template.cache_max_size'] ?? CACHED_TEXTS);
  return Number.isNaN(size) ? CACHED_TEXTS : size;
}

/** None where the alerts may not be read. */
async function alertLimits(cluster: Cluster, found: Found): Promise<string[]> {
  try {
    return await passedBy(cluster, found);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'FORBIDDEN') return [];
    throw error;
  }
}

async function passedBy(cluster: Cluster, { id, monitor }: Found): Promise<string[]> {
  const name = String(monitor.name);
  const count = async (alertState?: 'ACTIVE' | 'ACKNOWLEDGED'): Promise<number> =>
    (await someAlerts(cluster, id, { size: 1, ...(alertState !== undefined && { alertState }) })).total;
  const open = (await count('ACTIVE')) + (await count('ACKNOWLEDGED'));
  const held = await count();
  return [
    ...(open < MOST_OPEN
      ? []
      : [
          `${name} has ${open} alerts whose groups are found again: the plugin knows ${MOST_OPEN} of a monitor and raises the others again in each run. Narrow the rule, or add exceptions`,
        ]),
    ...(held < MOST_HELD
      ? []
      : [
          `${name} has ${MOST_HELD} alerts or more: only its newest ${MOST_HELD} can be read, and older ones are not shown`,
        ]),
  ];
}

/** The nodes that have refused compilations since they started, a sentence each. */
async function refusedCompilations({ client }: Cluster): Promise<string[]> {
  const { statusCode, body } = await client.nodes.stats({ metric: 'script' }, { ignore: [400, 403, 404], meta: true });
  const nodes: unknown = statusCode === 200 ? body.nodes : {};
  return Object.entries(isRecord(nodes) ? nodes : {}).flatMap(([id, node]) => {
    const { name = id, script } = isRecord(node) ? node : {};
    const refused = isRecord(script) ? Number(script.compilation_limit_triggered ?? 0) : 0;
    if (refused === 0) return [];
    return [
      `node ${String(name)} has refused ${plural(refused, 'script compilation')} since it started (compilation_limit_triggered): runs of monitors may have failed. Raise script.context.template.max_compilations_rate`,
    ];
  });
}
