import type { JsonRecord } from '../../json';
import { nextWindow } from '../../detections/windows';
import { parseDuration } from '../../text/duration';
import { alertIndexStore } from '../alert-index-store';
import { queriesOfContent, allReadUntil, readUntil } from '../deployed-rule';
import { executeWindow } from '../execute-window';
import { SCHEDULER_DEFAULTS, type Scheduler } from '../scheduler';
import { requireWatcher, watcherUnavailable, WATCHER_REQUESTS } from './availability';
import { watchRuleStates, namespacesOfWatches, watch } from './watch-kind';
import { tryWatch } from './execute-watch';
import { desiredWatch, withWatchMark } from './watch-body';
import type { Content } from '../../resources/kind';
import type { Rule } from '../../detections/rule';

/** Elasticsearch's Watcher: a watch a rule, which writes one alert document a group into the alert index. */
export const watcherScheduler: Scheduler = {
  ...SCHEDULER_DEFAULTS,
  name: 'watcher',
  requests: WATCHER_REQUESTS,
  requireOn: requireWatcher,
  async check(_settings, cluster) {
    const about = 'scheduler watcher';
    const reason = await watcherUnavailable(cluster);
    if (reason === undefined) return { about, state: 'ok', message: 'Watcher is there' };
    const fix = '`--scheduler local` works on every cluster.';
    return { about, state: 'missing', message: `no watches there: ${reason}`, fix };
  },
  async offer(_settings, connect) {
    const cluster = await connect();
    if (cluster.product !== 'elasticsearch' || (await watcherUnavailable(cluster)) !== undefined) return undefined;
    return 'Watcher is there, and the licence has it';
  },

  kinds: () => [watch],
  leavingKinds: () => [watch],

  async findDeployedRules({ cluster }) {
    return [...(await namespacesOfWatches(cluster))].map((namespace) => ({
      namespace,
      where: `rules of namespace ${namespace} run as watches of this cluster`,
    }));
  },
  ruleStates: watchRuleStates,
  async deployedQueries(scope, content, now) {
    return queriesOfContent(scope, content, now, await watchRuleStates(scope, now));
  },
  async switchedOff({ cluster }) {
    const { statusCode, body } = await cluster.client.watcher.stats(
      {},
      { ignore: [400, 403, 404, 405, 410], meta: true },
    );
    return statusCode === 200 && body.manually_stopped
      ? 'Watcher is stopped: no watch runs until `POST /_watcher/_start`'
      : null;
  },
  processedUntil: ({ state }) => (state === null ? undefined : readUntil(state)),
  allProcessedUntil: allReadUntil,

  // The time since is read here and now: alerts that this program writes have the same ids as those of a watch.
  async catchUp({ cluster, namespace, ...scope }, content, since, now) {
    for (const stored of await queriesOfContent({ cluster, namespace, ...scope }, content, scope.now, [])) {
      const lookback = parseDuration(stored.rule.schedule.lookback) ?? 0;
      await executeWindow(cluster, stored, nextWindow({ watermark: since, now, lookback, namespace }), {
        namespace,
        now,
      });
    }
  },

  alerts: ({ cluster, namespace }) => alertIndexStore(cluster, namespace),
  backfillHint: ({ from, to }) => `run the watch over ${from} to ${to}: docs/watcher.md says how`,

  tryRule: tryWatch,
  export(content, rules, options) {
    const data = exportWatches(content, rules, options);
    return { text: JSON.stringify(data, null, 2), data };
  },
};

/** A watch as `PUT _watcher/watch/<_id>` takes it. */
export interface ExportedWatch {
  readonly _id: string;
  readonly watch: JsonRecord;
}

/**
 * The rules as watches, with our mark: what is put by hand is what deploy would make, and is ours.
 * @param now milliseconds since 1970: exceptions that have expired by then silence no more
 */
function exportWatches(
  content: Content,
  rules: readonly Rule[],
  { namespace, indices, now }: { namespace: string; indices?: readonly string[] | undefined; now: number },
): ExportedWatch[] {
  return rules.map((rule) => {
    const { id, body } = desiredWatch(rule, { namespace, indices, now }, content);
    return { _id: id, watch: withWatchMark(id, namespace, body) };
  });
}
