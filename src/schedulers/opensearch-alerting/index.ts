import { toIso } from '../../text/time';
import type { Cluster } from '../../cluster/cluster';
import { ProblemError } from '../../errors';
import type { JsonRecord } from '../../json';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import { parseDuration } from '../../text/duration';
import type { Rule } from '../../detections/rule';
import { SPANS } from '../../detections/windows';
import { allReadUntil, readUntil } from '../deployed-rule';
import { SCHEDULER_DEFAULTS, type Scheduler } from '../scheduler';
import { pluginAlertStore, monitorsAndRules } from './plugin-alert-store';
import { runUntil, tryMonitor, tryMonitors } from './execute-monitor';
import { exportMonitors, indicesOf, queryOfMonitor } from './monitor-body';
import { alertingLimits } from './limits';
import { monitorNamespaces, monitorsOf, ourMonitors } from './find-monitors';
import { isLeft, ownerOf } from './monitor-ownership';
import { monitorRuleStates } from './monitor-runs';
import { monitorKind } from './monitor-kind';
import { requireAlerting, seesAlerting, ALERTING_REQUESTS } from './plugin';
import { leavingMonitors, retiredMonitors } from './retired-monitor';

/** Runs of one monitor that catch up, some seconds each. */
const MOST_RUNS = 500;

/**
 * The alerting plugin of OpenSearch: a bucket-level monitor a rule.
 * @param channel id of the notification channel that is told of new alerts; none where not given
 */
export function alertingScheduler(channel?: string): Scheduler {
  const monitors = monitorKind(channel);
  return {
    ...SCHEDULER_DEFAULTS,
    name: 'opensearch-alerting',
    requests: ALERTING_REQUESTS,
    requireOn: requireAlerting,
    async check(_settings, cluster) {
      const about = 'scheduler opensearch-alerting';
      if (!(await seesAlerting(cluster))) {
        const fix = '`--scheduler local` works on every cluster.';
        return { about, state: 'missing', message: 'no alerting plugin is there, or you may not look', fix };
      }
      const off = await switchedOff(cluster);
      if (off === null) return { about, state: 'ok', message: 'the alerting plugin is there' };
      const fix = 'Set plugins.scheduled_jobs.enabled to true in the settings of the cluster.';
      return { about, state: 'missing', message: off, fix };
    },
    offer: async (_settings, connect) =>
      (await seesAlerting(await connect())) ? 'the alerting plugin is there' : undefined,

    kinds: () => [monitors],
    leavingKinds: () => [leavingMonitors(monitors)],
    retiredKinds: [retiredMonitors(monitors)],

    // None where the plugin is missing or closed to us.
    async findDeployedRules({ cluster }) {
      if (!(await seesAlerting(cluster))) return [];
      return [...(await monitorNamespaces(cluster))].map((namespace) => ({
        namespace,
        where: `rules of namespace ${namespace} run as monitors of OpenSearch Alerting on this cluster`,
      }));
    },
    ruleStates: monitorRuleStates,
    limits: alertingLimits,
    tryDeployed: ({ cluster, namespace }) => tryMonitors(cluster, namespace),
    async deployedQueries(scope, { rules }, now) {
      const states = await monitorRuleStates(scope, now);
      // As the monitors hold them.
      const found = await monitorsAndRules(scope.cluster, scope.namespace, rules);
      return found.flatMap(({ found: { monitor }, rule }) => {
        if (rule === undefined) return [];
        const state = states.find(({ uuid }) => uuid === rule.uuid) ?? null;
        return [{ rule, query: queryOfMonitor(monitor) ?? toQueryDsl(rule), indices: indicesOf(monitor), state }];
      });
    },
    switchedOff: ({ cluster }) => switchedOff(cluster),
    // Where the locks do not tell when a monitor ran: as its schedule has it, then.
    processedUntil({ rule, state }, now) {
      if (state?.enabled !== true) return undefined;
      const ran = readUntil(state) ?? now - (parseDuration(state.interval ?? rule.schedule.interval) ?? 0);
      return ran - SPANS.settle;
    },
    // What came in within the look-back, by which the runs of monitors overlap, is looked at again: the last run may have failed.
    allProcessedUntil: (states, rules, now) =>
      Math.min(allReadUntil(states) ?? now, now - Math.max(...rules.map(lookbackOf))),
    reportsRuns: false,

    checkCatchUp({ cluster }, { rules }, since, now) {
      const shortest = Math.min(...rules.map(lookbackOf));
      if ((now - since) / shortest <= MOST_RUNS) return;
      const message = `the rules last ran at ${toIso(since)}: too long ago for the runs of monitors that it takes to cover the time since. Nothing was changed.`;
      const hint = 'Run them once more where they are, then move.';
      throw new ProblemError('REFUSED', [{ where: { url: cluster.url }, message, hint }]);
    },
    async catchUp({ cluster, namespace }, { rules }, since, now) {
      for (const rule of rules) {
        const lookback = lookbackOf(rule);
        for (const { id, monitor } of await monitorsOf(cluster, namespace, rule.uuid)) {
          if (monitor.enabled === false) continue;
          // Each run reads the look-back before the end that it is given.
          for (let end = since; end < now;) {
            end = Math.min(end + lookback, now);
            await runUntil(cluster, id, end);
          }
        }
      }
    },

    keepsAlerts: true,
    alerts: ({ cluster, namespace }, rules) => pluginAlertStore(cluster, namespace, rules),
    async leftAlerts({ cluster, namespace }, rules) {
      if (!(await seesAlerting(cluster))) return undefined;
      const left = (await ourMonitors(cluster)).some(
        ({ monitor }) => isLeft(monitor) && ownerOf(monitor)?.namespace === namespace,
      );
      return left ? pluginAlertStore(cluster, namespace, rules) : undefined;
    },
    otherSilencers: '',
    backfillHint: ({ from, to }) => `run the monitor over ${from} to ${to}: docs/opensearch-alerting.md says how`,

    tryRule: tryMonitor,
    export(content, rules, options) {
      const data = exportMonitors(content, rules, options);
      // Not with sorted keys: the plugin reads the condition of a trigger with the id that came before it.
      return { text: data.map((body) => JSON.stringify(body)).join('\n'), data };
    },
  };
}

/** That no monitor runs, whoever owns it; null where they do, or nobody here may know. */
async function switchedOff({ client }: Cluster): Promise<string | null> {
  const { statusCode, body } = await client.transport.request<JsonRecord>(
    { method: 'GET', path: '/_plugins/_alerting/stats' },
    { ignore: [400, 403, 404, 405, 410], meta: true },
  );
  return statusCode === 200 && body['plugins.scheduled_jobs.enabled'] === false
    ? 'OpenSearch Alerting is switched off (plugins.scheduled_jobs.enabled is false): no monitor runs'
    : null;
}

/** Milliseconds. */
function lookbackOf({ schedule }: Rule): number {
  return parseDuration(schedule.lookback) ?? 0;
}
