import { ProblemError } from '../../errors';
import { canonicalJson, isRecord } from '../../json';
import type { Kibana } from '../../cluster/kibana';
import { sharedLists } from './exception-lists';
import { kibanaId, withSetupMark } from './rule-ownership';
import { listOf } from '../../lists';
import { ourLists, actionsToSend } from './normalize-rule';
import { isOurs } from './find-in-kibana';
import type { Body, Desired, Scope } from '../../resources/kind';
import { digestOf, MANAGED_BY } from '../../resources/ownership';

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
export function toCreateBody(live: Body): Body {
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
export async function toUpdateBody(
  kibana: Kibana,
  space: string,
  { namespace }: Scope,
  { id, body }: Desired,
  live: Body | undefined,
  lists?: readonly Body[],
): Promise<Body> {
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
  body: Body,
  live: Body | undefined,
  lists?: readonly Body[],
): Promise<Body[]> {
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
