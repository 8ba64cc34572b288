import { nextWindow } from '../../detections/windows';
import { parseDuration } from '../../text/duration';
import { alertIndexStore } from '../alert-index-store';
import { queriesOfContent } from '../content-queries';
import { executeWindow } from '../execute-window';
import { allReadUntil, readUntil } from '../rule-state';
import type { Scheduler } from '../scheduler';
import { requireWatcher, watcherLack } from './availability';
import { exportWatches } from './export';
import { WATCHER_REQUESTS } from './requests';
import { watchRuleStates } from './rule-states';
import { tryWatch } from './try-rule';
import { namespacesOfWatches, watch } from './watch-kind';

/** Elasticsearch's Watcher: a watch a rule, which writes one alert document a group into the alert index. */
export const watcherScheduler: Scheduler = {
  name: 'watcher',
  requests: WATCHER_REQUESTS,
  requireOn: requireWatcher,
  async check(_settings, cluster) {
    const about = 'scheduler watcher';
    const lack = await watcherLack(cluster);
    if (lack === undefined) return { about, state: 'ok', message: 'Watcher is there' };
    const fix = '`--scheduler local` works on every cluster.';
    return { about, state: 'missing', message: `no watches there: ${lack}`, fix };
  },
  async offer(_settings, connect) {
    const cluster = await connect();
    if (cluster.product !== 'elasticsearch' || (await watcherLack(cluster)) !== undefined) return undefined;
    return 'Watcher is there, and the licence has it';
  },

  kinds: () => [watch],
  leavingKinds: () => [watch],
  retiredKinds: [],
  holdsExceptions: () => false,
  startsDisabled: () => false,
  notes: () => [],
  recordDeployment: () => Promise.resolve(),
  recordedElsewhere: () => Promise.resolve(undefined),

  async findRules({ cluster }) {
    return [...(await namespacesOfWatches(cluster))].map((namespace) => ({
      namespace,
      where: `rules of namespace ${namespace} run as watches of this cluster`,
    }));
  },
  ruleStates: watchRuleStates,
  async deployedQueries(scope, content, now) {
    return queriesOfContent(scope, content, now, await watchRuleStates(scope, now));
  },
  ruleId: (uuid) => uuid,
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
  reportsRuns: true,

  checkCatchUp: () => undefined,
  // The time since is read here and now: alerts that this program writes have the same ids as those of a watch.
  async catchUp({ cluster, namespace, ...scope }, content, since, now) {
    for (const stored of queriesOfContent({ cluster, namespace, ...scope }, content, scope.now, [])) {
      const lookback = parseDuration(stored.rule.schedule.lookback) ?? 0;
      await executeWindow(cluster, stored, nextWindow({ watermark: since, now, lookback, namespace }), {
        namespace,
        now,
      });
    }
  },

  keepsAlerts: false,
  alerts: ({ cluster, namespace }) => alertIndexStore(cluster, namespace),
  otherSilencers: '',
  backfillHint: ({ from, to }) => `run the watch over ${from} to ${to}: docs/watcher.md says how`,

  tryRule: tryWatch,
  export(content, rules, options) {
    const data = exportWatches(content, rules, options);
    return { text: JSON.stringify(data, null, 2), data };
  },
};
