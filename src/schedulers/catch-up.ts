import { ProblemError } from '../errors';
import { detectionRule } from './local/rule-kind';
import { chunk } from './kibana/find';
import { kibanaRules, spacesOf } from './kibana/rule-kind';
import type { Body, Content, Scheduler, Scope } from '../resources/kind';
import { runUntil } from './opensearch-alerting/execute-monitor';
import { monitorsOf } from './opensearch-alerting/find-monitors';
import type { StoredRule } from './stored-rule';
import { parseDuration } from '../text/duration';
import { executeWindow } from './execute-window';
import { moveWatermark, readWatermark } from './local/state';
import { toIso } from '../text/time';
import { nextWindow } from '../detections/windows';

/** Runs of one monitor, some seconds each. */
const MOST_RUNS = 500;

/** Most rules that one bulk action of Kibana takes. */
const MOST_IDS = 100;

/**
 * Lets the new scheduler of rules that moved look at everything that came in since the old one last did, so that no event falls
 * between the two. Looking twice does no harm.
 *
 *   scheduler           | how
 *   --------------------|----------------------------------------------------------------------------------------
 *   local               | the watermark of each rule is set to that time
 *   kibana              | a manual run over the time since (bulk action `run`)
 *   opensearch-alerting | each monitor is run over one look-back after another, up to now
 *   watcher             | the time since is read here and now: local alerts and those of a watch have the same ids
 *
 * @param since milliseconds since 1970
 * @param now the same
 * @throws ProblemError when that could not be done; the rules are on the new scheduler all the same
 */
export async function catchUp(scope: Scope, content: Content, since: number, now: number): Promise<void> {
  await CATCH_UP[scope.scheduler ?? 'local'](scope, content, since, now);
}

/**
 * Whether that can be done, before anything is changed.
 * @throws ProblemError REFUSED when it would take too many runs
 */
export function checkCatchUp({ scheduler, cluster }: Scope, { rules }: Content, since: number, now: number): void {
  if (scheduler !== 'opensearch-alerting') return;
  const shortest = Math.min(...rules.map(({ schedule }) => parseDuration(schedule.lookback) ?? 0));
  if ((now - since) / shortest <= MOST_RUNS) return;
  const message = `the rules last ran at ${toIso(since)}: too long ago for the runs of monitors that it takes to cover the time since. Nothing was changed.`;
  const hint = 'Run them once more where they are, then move.';
  throw new ProblemError('REFUSED', [{ where: { url: cluster.url }, message, hint }]);
}

type CatchUp = (scope: Scope, content: Content, since: number, now: number) => Promise<void>;

const CATCH_UP: Readonly<Record<Scheduler, CatchUp>> = {
  async local({ cluster, namespace }, { rules }, since) {
    const nothing = { from: null, to: toIso(since), events: 0, alerts: 0, new: 0 };
    for (const { uuid } of rules) {
      // One from before the rules left this scheduler may be there.
      const there = await readWatermark(cluster, namespace, uuid);
      if (there === null || there.at < since) await moveWatermark(cluster, namespace, uuid, there, since, nothing);
    }
  },

  async kibana(scope, _content, since, now) {
    const run = { start_date: toIso(since), end_date: toIso(now) };
    for (const space of spacesOf(scope)) {
      if (scope.kibana === undefined) return;
      const { server } = scope.kibana;
      const live = await kibanaRules(server, space).list(scope, []);
      const enabled = live.filter(({ ours, body }) => ours && body.enabled === true);
      const ids = enabled.map(({ body }) => String(body.id));
      for (const lot of chunk(ids, MOST_IDS)) {
        const body: Body = { action: 'run', ids: lot, run };
        await server.ask({ method: 'POST', path: '/api/detection_engine/rules/_bulk_action', space, body });
      }
    }
  },

  async 'opensearch-alerting'({ cluster, namespace }, { rules }, since, now) {
    for (const rule of rules) {
      const lookback = parseDuration(rule.schedule.lookback) ?? 0;
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

  async watcher({ cluster, namespace, indices }, content, since, now) {
    for (const { body } of await detectionRule.desired({ cluster, namespace, indices }, content)) {
      // As deploy stores it, without its marks.
      const stored = body as unknown as StoredRule;
      const lookback = parseDuration(stored.rule.schedule.lookback) ?? 0;
      await executeWindow(cluster, stored, nextWindow({ watermark: since, now, lookback, namespace }), {
        namespace,
        now,
      });
    }
  },
};
