import { ProblemError } from '../../errors';
import type { Kibana, KibanaRequest } from '../../cluster/kibana';
import { sharedLists } from './exception-lists';
import {
  MOST_IDS,
  readRule,
  readRules,
  RULES,
  isOurs,
  kibanaId,
  planId,
  MANAGED_TAG,
  withoutSetupMark,
  withSetupMark,
} from './rule-ownership';
import { importRules } from './import-rules';
import type { Desired, Scope } from '../../resources/kind';
import { chunk, listOf } from '../../lists';
import { isRecord, canonicalJson, type JsonRecord } from '../../json';
import { MANAGED_BY, digestOf } from '../../resources/ownership';
import { ourLists, actionsToSend } from './normalize-rule';

/**
 * Creates or replaces one rule.
 * @throws ProblemError when Kibana does not take it, or the rule that is there is not ours (any more)
 */
export async function putRule(kibana: Kibana, space: string, scope: Scope, desired: Desired): Promise<void> {
  const live = await readRule(kibana, space, kibanaId(space, desired.id));
  const body = await toUpdateBody(kibana, space, scope, desired, live);
  if (live === undefined) await kibana.ask({ method: 'POST', path: RULES, space, body });
  else if (live.type === body.type) await kibana.ask({ method: 'PUT', path: RULES, space, body });
  else await makeAnew(kibana, space, live, body);
}

/**
 * Creates or replaces many rules, in files.
 * @returns those that failed, by their id in the plan
 * @throws ProblemError when what is there cannot be read
 */
export async function putRules(
  kibana: Kibana,
  space: string,
  scope: Scope,
  all: readonly Desired[],
): Promise<Map<string, ProblemError>> {
  const bodies: JsonRecord[] = [];
  const failed = new Map<string, ProblemError>();
  const lists = await sharedLists(kibana, space);
  for (const lot of chunk(all, MOST_IDS)) {
    const ids = lot.map(({ id }) => kibanaId(space, id));
    const lives = await readRules(kibana, space, ids);
    for (const desired of lot) {
      const live = lives.find(({ rule_id: id }) => id === kibanaId(space, desired.id));
      try {
        const body = await toUpdateBody(kibana, space, scope, desired, live, lists);
        // An import keeps the type that a rule was made with.
        if (live === undefined || live.type === body.type) bodies.push(body);
        else await makeAnew(kibana, space, live, body);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        failed.set(desired.id, error);
      }
    }
  }
  const refused = await importRules(kibana, space, bodies);
  for (const [id, error] of refused) failed.set(planId(space, id), error);
  return failed;
}

/**
 * Deletes the rule with this `rule_id`, where there is one.
 * @param manner.cleanup as of a request
 */
export async function dropRule(
  kibana: Kibana,
  space: string,
  ruleId: string,
  manner: Pick<KibanaRequest, 'cleanup'> = {},
): Promise<void> {
  await kibana.ask({ method: 'DELETE', path: RULES, space, query: { rule_id: ruleId }, allow: [404], ...manner });
}

/**
 * Kibana keeps the type that a rule was made with: a rule of another type is another rule. Where it cannot be made, the one
 * that was there is put back, with all that an analyst gave it. An interruption does not come between: the rule would be gone.
 */
async function makeAnew(kibana: Kibana, space: string, live: JsonRecord, body: JsonRecord): Promise<void> {
  await dropRule(kibana, space, String(live.rule_id), { cleanup: true });
  try {
    await kibana.ask({ method: 'POST', path: RULES, space, body, cleanup: true });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError(error.code, [...error.problems, await putBack(kibana, space, live)]);
  }
}

/** @returns what became of it */
async function putBack(kibana: Kibana, space: string, live: JsonRecord): Promise<ProblemError['problems'][number]> {
  const rule = `Kibana, space ${space}: the rule of type ${String(live.type)}, which was to be replaced,`;
  try {
    await kibana.ask({ method: 'POST', path: RULES, space, body: toCreateBody(live), cleanup: true });
    return { message: `${rule} is there again as it was`, hint: 'Run deploy again.' };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const message = `${rule} could not be put back (${error.problems.map((each) => each.message).join('; ')})`;
    const hint = `Run deploy again. It was ${live.enabled === false ? 'disabled' : 'enabled'}; its actions have to be added again.`;
    return { message, hint };
  }
}

/**
 * Puts our tag and marks on a rule of the Detection Engine, and leaves everything else in it as it is.
 * @param live the rule as Kibana gave it
 */
export async function markKibanaRule(
  kibana: Kibana,
  space: string,
  namespace: string,
  live: JsonRecord,
): Promise<void> {
  const mark = { id: String(live.rule_id), namespace };
  const tags = listOf(live.tags).filter((tag) => tag !== MANAGED_TAG);
  const setup = typeof live.setup === 'string' ? withoutSetupMark(live.setup) : '';
  await kibana.ask({
    method: 'PUT',
    path: '/api/detection_engine/rules',
    space,
    body: {
      ...toCreateBody(live),
      rule_id: mark.id,
      tags: [...tags, MANAGED_TAG],
      setup: withSetupMark(setup, mark),
      meta: { ...(isRecord(live.meta) ? live.meta : {}), managed_by: MANAGED_BY, ...mark },
    },
  });
}

/** What Kibana gives and does not take: ids of its own, times, and what it works out. */
const READ_ONLY: ReadonlySet<string> = new Set([
  'id',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'revision',
  'immutable',
  'rule_source',
  'execution_summary',
  'outcome',
  'alias_target_id',
  'alias_purpose',
]);

/** A rule as Kibana gave it, in the form in which it takes it again. */
function toCreateBody(live: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(live).filter(([key, value]) => !READ_ONLY.has(key) && value !== null));
}

/** What an analyst may have: an update hands it back as it is, but for what the file declares. */
const ANALYSTS = [
  'enabled',
  'actions',
  'alert_suppression',
  'building_block_type',
  'event_category_override',
  'filters',
  'namespace',
  'response_actions',
  'risk_score_mapping',
  'rule_name_override',
  'severity_mapping',
  'tiebreaker_field',
  'timeline_id',
  'timeline_title',
  'timestamp_field',
  'timestamp_override_fallback_disabled',
];

/** Of those, what only rules of one type have. */
const OF_ITS_TYPE: ReadonlySet<string> = new Set([
  'event_category_override',
  'filters',
  'tiebreaker_field',
  'timestamp_field',
]);

/**
 * The body to send: the file's, with our marks, and with what an analyst added to the rule that is there.
 * @param live the rule that is there
 * @param lists the exception lists of ours in the space; read where not given
 * @throws ProblemError REFUSED when the rule that is there is not ours (any more)
 */
async function toUpdateBody(
  kibana: Kibana,
  space: string,
  { namespace }: Scope,
  { id, body }: Desired,
  live: JsonRecord | undefined,
  lists?: readonly JsonRecord[],
): Promise<JsonRecord> {
  const ruleId = kibanaId(space, id);
  if (live !== undefined && !isOurs(live, namespace, true)) {
    const message = `Kibana, space ${space}: the rule is not ours any more; somebody changed it since the plan was made`;
    throw new ProblemError('REFUSED', [{ where: { url: kibana.url }, message, hint: 'Run plan again.' }]);
  }
  const sameType = live === undefined || live.type === body.type;
  const analysts = Object.entries(live ?? {}).filter(
    ([key, value]) => ANALYSTS.includes(key) && (sameType || !OF_ITS_TYPE.has(key)) && value !== null,
  );
  const mark = { id: ruleId, namespace };
  const meta = isRecord(live?.meta) ? live.meta : {};
  return {
    enabled: true,
    ...Object.fromEntries(analysts),
    ...body,
    ...('actions' in body && { actions: actionsToSend(body, live ?? {}) }),
    setup: withSetupMark(body.setup, mark),
    meta: { ...meta, managed_by: MANAGED_BY, ...mark, digest: digestOf('detection_rule', id, body) },
    exceptions_list: await exceptionsOf(kibana, space, body, live, lists),
  };
}

/** The lists of the analyst, in their order, and ours with the ids that Kibana gave them. */
async function exceptionsOf(
  kibana: Kibana,
  space: string,
  body: JsonRecord,
  live: JsonRecord | undefined,
  lists?: readonly JsonRecord[],
): Promise<JsonRecord[]> {
  const theirs = listOf(live?.exceptions_list)
    .filter(isRecord)
    .filter((list) => !ourLists({ exceptions_list: [list] }).length);
  const wanted = listOf(body.exceptions_list).filter(isRecord);
  if (wanted.length === 0) return theirs;
  const known = lists ?? (await sharedLists(kibana, space));
  const ours = wanted.map((list) => {
    const there = known.find(({ list_id: id }) => id === list.list_id);
    if (there !== undefined) return { ...list, id: there.id };
    const message = `Kibana, space ${space}: the exception list ${canonicalJson(list.list_id)} is not there`;
    throw new ProblemError('REFUSED', [{ where: { url: kibana.url }, message, hint: 'Run deploy again.' }]);
  });
  return [...theirs, ...ours];
}
