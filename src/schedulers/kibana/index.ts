import { namespacesIn, isOfList, kibanaRuleId } from './rule-ownership';
import { toIso } from '../../text/time';
import { connectKibana, DEFAULT_SPACE } from '../../cluster/kibana';
import type { Kind, Scope } from '../../resources/kind';
import { chunk } from '../../lists';
import { alertIndexStore } from '../alert-index-store';
import { queriesOfContent, allReadUntil, readUntil } from '../deployed-rule';
import { SCHEDULER_DEFAULTS, type RulesFound, type Scheduler } from '../scheduler';
import { kibanaAlertStore } from './kibana-alert-store';
import { checkKibana, allSpaces, recordedElsewhere, recordSpaces, spaceNotes, type KibanaSpaces } from './spaces';
import { exceptionItems, exceptionLists } from './exception-lists';
import { exportKibana } from './rule-body';
import { previewRule } from './preview';
import { kibanaIndices, kibanaPrivileges } from './role';
import { kibanaRules, kibanaRuleStates } from './kibana-rule-kind';

/** Most rules that one bulk action of Kibana takes. */
const MOST_IDS = 100;

/**
 * Elastic Security's Detection Engine, in every space that the settings name.
 * @param kibana undefined where no Kibana is connected: then nothing of it can be seen
 */
export function kibanaScheduler(kibana?: KibanaSpaces): Scheduler {
  return {
    ...SCHEDULER_DEFAULTS,
    name: 'kibana',
    check: (settings, _cluster, context) => checkKibana(settings, context),
    async offer({ kibana: { url, spaces, ...access } }, _cluster, context) {
      if (url === undefined) return undefined;
      const server = await connectKibana({ url, ...access }, spaces, context);
      return `Kibana ${server.version} at ${server.url}`;
    },
    roleOn: (user, { spaces, events }) => ({
      indices: kibanaIndices(user, spaces, events),
      server: kibanaPrivileges(user, spaces),
    }),

    kinds: () => kindsIn(kibana),
    leavingKinds: () => kindsIn(kibana),
    holdsExceptions: (id, { slug }, namespace) => isOfList(id, slug, namespace),
    startsDisabled: (rule) => rule.kibana.enabled === false,
    notes: (command) => (kibana === undefined ? [] : spaceNotes(kibana, command)),
    recordDeployment: async (scope, options) => {
      if (kibana !== undefined) await recordSpaces(scope, kibana, options);
    },
    recordedElsewhere: (scope) => recordedElsewhere(scope, kibana),

    findDeployedRules: (scope) => (kibana === undefined ? Promise.resolve([]) : findDeployedRules(scope, kibana)),
    ruleStates: (scope, now) => (kibana === undefined ? Promise.resolve([]) : kibanaRuleStates(scope, kibana, now)),
    async deployedQueries(scope, content, now) {
      const states = kibana === undefined ? [] : await kibanaRuleStates(scope, kibana, now);
      return queriesOfContent(scope, content, now, states, (uuid) => kibanaRuleId(uuid, scope.namespace));
    },
    ruleId: kibanaRuleId,
    processedUntil: ({ state }) => (state === null ? undefined : readUntil(state)),
    allProcessedUntil: allReadUntil,

    // A manual run over the time since.
    async catchUp(scope, _content, since, now) {
      if (kibana === undefined) return;
      const { server } = kibana;
      const run = { start_date: toIso(since), end_date: toIso(now) };
      for (const space of allSpaces(kibana)) {
        const live = await kibanaRules(server, space).list(scope, []);
        const enabled = live.filter(({ ours, body }) => ours && body.enabled === true);
        const ids = enabled.map(({ body }) => String(body.id));
        for (const lot of chunk(ids, MOST_IDS)) {
          const body = { action: 'run', ids: lot, run };
          await server.ask({ method: 'POST', path: '/api/detection_engine/rules/_bulk_action', space, body });
        }
      }
    },

    keepsAlerts: true,
    alerts: (scope, rules) =>
      kibana === undefined ? alertIndexStore(scope.cluster, scope.namespace) : kibanaAlertStore(scope, kibana, rules),
    // Analysts' own exception lists cannot be compared with an event here.
    otherSilencers: ', an exception that was added in Kibana may silence it',
    backfillHint: ({ from, to }) => `run the rule by hand in Kibana (Manual run) from ${from} to ${to}`,

    async tryRule(trial, rule, content) {
      if (kibana === undefined) throw new Error('the scheduler is kibana, and no Kibana is connected');
      const [space = DEFAULT_SPACE] = kibana.spaces;
      return previewRule(trial, { kibana: kibana.server, space }, rule, content);
    },
    export: exportKibana,
  };
}

function kindsIn(kibana: KibanaSpaces | undefined): Kind[] {
  if (kibana === undefined) throw new Error('the scheduler is kibana, and no Kibana is connected');
  const { server, formerSpaces } = kibana;
  const inEverySpace = (kind: typeof kibanaRules): Kind[] =>
    allSpaces(kibana).map((space) =>
      formerSpaces.includes(space) ? emptied(kind(server, space)) : kind(server, space),
    );
  return [exceptionLists, exceptionItems, kibanaRules].flatMap(inEverySpace);
}

/** A kind of which nothing is wanted where it is: what is there is left over. */
function emptied(kind: Kind): Kind {
  return { ...kind, desired: () => Promise.resolve([]) };
}

/** A space that is closed to us may hold rules. */
async function findDeployedRules({ namespace }: Scope, kibana: KibanaSpaces): Promise<RulesFound[]> {
  const spaces = new Map<string, string[]>();
  const apart: RulesFound[] = kibana.otherSpaces.map((space) => ({
    namespace,
    where: `rules of namespace ${namespace} were deployed to Kibana (space ${space}), where they are not seen from here`,
    apart: 'recorded',
  }));
  for (const space of allSpaces(kibana)) {
    const found = await namespacesIn(kibana.server, space);
    const where = `whether rules of namespace ${namespace} run in Kibana (space ${space}) cannot be seen: it is closed to this user`;
    if (found === undefined) apart.push({ namespace, where, apart: 'maybe' });
    for (const each of found ?? []) spaces.set(each, [...(spaces.get(each) ?? []), space]);
  }
  const seen = [...spaces].map(([each, names]) => ({
    namespace: each,
    where: `rules of namespace ${each} run in Kibana (space ${names.join(', ')})`,
  }));
  return [...seen, ...apart];
}
