import { toIso } from '../../text/time';
import type { Cluster } from '../../cluster/cluster';
import { stateIndex } from '../../detections/indices';
import { alertIndexStore } from '../alert-index-store';
import { alerts, ancestorsOf } from '../alert-index-search';
import { allReadUntil, readUntil } from '../deployed-rule';
import { SCHEDULER_DEFAULTS, type RulesFound, type Scheduler } from '../scheduler';
import { ruleKind } from './stored-rule-kind';
import { readState, ruleState, moveWatermark, readStoredRules, readWatermark } from './state';
import { runRules } from './run-rules';
import type { Scope } from '../../resources/kind';

/** The scheduler that `run` is: rules are stored compiled on any cluster, and executed by this program. */
export const localScheduler: Scheduler = {
  ...SCHEDULER_DEFAULTS,
  name: 'local',
  check: () =>
    Promise.resolve({ about: 'scheduler local', state: 'ok', message: '`run` executes the rules, on any cluster' }),
  async offer(_settings, cluster) {
    await cluster();
    return '`wmi-detections run` executes the rules, on any cluster';
  },

  kinds: () => [ruleKind],
  leavingKinds: () => [ruleKind],

  findDeployedRules,
  async ruleStates({ cluster, namespace }, now) {
    return (await readState(cluster, namespace)).map((rule) => ruleState(rule, now));
  },
  storedRules: ({ cluster, namespace }) => readState(cluster, namespace),
  async deployedQueries(scope, _content, now) {
    const states = await localScheduler.ruleStates(scope, now);
    // As they are stored.
    return (await readStoredRules(scope.cluster, scope.namespace)).map((stored) => ({
      ...stored,
      state: states.find(({ uuid }) => uuid === stored.rule.uuid) ?? null,
    }));
  },
  processedUntil: ({ state }) => (state === null ? undefined : readUntil(state)),
  allProcessedUntil: allReadUntil,

  async catchUp({ cluster, namespace }, { rules }, since) {
    const nothing = { from: null, to: toIso(since), events: 0, alerts: 0, new: 0 };
    for (const { uuid } of rules) {
      // One from before the rules left this scheduler may be there.
      const there = await readWatermark(cluster, namespace, uuid);
      if (there === null || there.at < since) await moveWatermark(cluster, namespace, uuid, there, since, nothing);
    }
  },

  alerts: ({ cluster, namespace }) => alertIndexStore(cluster, namespace),
  backfillHint: ({ from, to }, slug, namespace) =>
    `wmi-detections run --from ${from} --to ${to} --rule ${slug}${namespace === 'default' ? '' : ` --namespace ${namespace}`}`,

  async tryRule({ cluster, namespace }, rule) {
    await runRules(cluster, { namespace, rules: [rule.uuid], from: 0 });
    const found = await alerts(cluster, { namespace, rule: rule.uuid });
    return new Map(found.flatMap((alert) => ancestorsOf(alert).map(({ id }) => [id, String(alert.message)] as const)));
  },
};

async function findDeployedRules({ cluster, ...scope }: Scope, only?: string): Promise<RulesFound[]> {
  const found: RulesFound[] = [];
  for (const namespace of only === undefined ? await namespacesWithState(cluster) : [only]) {
    const ours = (await ruleKind.list({ ...scope, cluster, namespace }, [])).filter((rule) => rule.ours);
    const where = `rules of namespace ${namespace} (${ours.length}) run on the scheduler local of this cluster`;
    if (ours.length > 0) found.push({ namespace, where });
  }
  return found;
}

async function namespacesWithState(cluster: Cluster): Promise<string[]> {
  const mappings = await cluster.client.indices.getMapping(
    { index: stateIndex('*'), ignore_unavailable: true, allow_no_indices: true },
    { ignore: [404] },
  );
  const indices = Object.keys(mappings).filter((name) => name.startsWith(stateIndex('')));
  return indices.map((name) => name.slice(stateIndex('').length));
}
