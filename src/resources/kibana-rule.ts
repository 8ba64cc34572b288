import { ProblemError } from '../errors';
import { canonicalJson, isRecord } from '../json';
import { defaultIndices } from '../rules/indices';
import { DEFAULT_SPACE, type Kibana } from '../target/kibana';
import { leafFields } from './composition';
import { compiledExceptions, listIdsWith, sharedLists } from './kibana-exceptions';
import { anyOf, findAll, lotsOf, quoted } from './kibana-find';
import { importRules } from './kibana-import';
import { isTagged, kibanaId, kibanaRuleId, MANAGED_TAG, planId, ruleMark, withSetupMark } from './kibana-names';
import { ruleBody } from './kibana-rule-body';
import { canonRule, listOf, ourLists } from './kibana-rule-canon';
import type { Body, Content, Desired, Kind, Live, Scope } from './kind';
import { digestOf, MANAGED_BY } from './ownership';

const RULES = '/api/detection_engine/rules';

/** From this many on, creations and updates go through `_import`, some hundred rules a request. */
const BATCH_FROM = 51;

/** What the file does not decide and an analyst may have: an update hands it back as it is. */
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

/** The rules of the Detection Engine in one space. */
export function kibanaRules(kibana: Kibana, space: string): Kind {
  const readOne = async (id: string): Promise<Body | undefined> => {
    const query = { rule_id: kibanaId(space, id) };
    const { status, body } = await kibana.ask<Body>({ method: 'GET', path: RULES, space, query, allow: [404] });
    return status === 404 ? undefined : body;
  };
  const drop = async (id: string): Promise<void> => {
    const query = { rule_id: kibanaId(space, id) };
    await kibana.ask({ method: 'DELETE', path: RULES, space, query, allow: [404] });
  };
  return {
    name: 'detection_rule',

    desired: (scope, content) => desiredRules(kibana, space, scope, content),

    async list({ namespace }, ids) {
      const wanted = ids.map((id) => kibanaId(space, id));
      const tagged = await findAll(kibana, space, `${RULES}/_find`, OURS, 'rule_id');
      const known = new Set(tagged.map(({ rule_id: id }) => id));
      const missing = wanted.filter((id) => !known.has(id));
      return [...tagged, ...(await readMany(kibana, space, missing))].map((body): Live => {
        const id = String(body.rule_id);
        const title = typeof body.name === 'string' ? body.name : undefined;
        const ours = isOurs(body, namespace, wanted.includes(id));
        const digest = isRecord(body.meta) ? body.meta.digest : undefined;
        return { id: planId(space, id), title, body, ours, digest: typeof digest === 'string' ? digest : undefined };
      });
    },

    async put(scope, desired) {
      const live = await readOne(desired.id);
      const body = await writable(kibana, space, scope, desired, live);
      if (live === undefined) {
        await kibana.ask({ method: 'POST', path: RULES, space, body });
        return;
      }
      if (live.type === body.type) {
        await kibana.ask({ method: 'PUT', path: RULES, space, body });
        return;
      }
      // Kibana keeps the type that a rule was made with; a rule of another type is another rule.
      await drop(desired.id);
      await kibana.ask({ method: 'POST', path: RULES, space, body });
    },

    batch: {
      from: BATCH_FROM,
      async put(scope, all) {
        const bodies: Body[] = [];
        const failed = new Map<string, ProblemError>();
        const lists = await sharedLists(kibana, space);
        for (const lot of lotsOf(all)) {
          const lives = await readMany(
            kibana,
            space,
            lot.map(({ id }) => kibanaId(space, id)),
          );
          for (const desired of lot) {
            const live = lives.find(({ rule_id: id }) => id === kibanaId(space, desired.id));
            try {
              bodies.push(await writable(kibana, space, scope, desired, live, lists));
            } catch (error) {
              if (!(error instanceof ProblemError)) throw error;
              failed.set(desired.id, error);
            }
          }
        }
        const refused = await importRules(kibana, space, bodies);
        for (const [id, error] of refused) failed.set(planId(space, id), error);
        return failed;
      },
    },

    remove: (_scope, id) => drop(id),
    canon: canonRule,
    refs: (body) => ourLists(body).map((id) => planId(space, id)),
    openAlerts: (_scope, id) => openAlerts(kibana, space, kibanaId(space, id)),
  };
}

async function openAlerts(kibana: Kibana, space: string, ruleId: string): Promise<number> {
  const filter = [
    { term: { 'kibana.alert.rule.rule_id': ruleId } },
    { term: { 'kibana.alert.workflow_status': 'open' } },
  ];
  const { body } = await kibana.ask<{ hits: { total: { value: number } } }>({
    method: 'POST',
    path: '/api/detection_engine/signals/search',
    space,
    body: { size: 0, track_total_hits: true, query: { bool: { filter } } },
  });
  return body.hits.total.value;
}

const OURS = { filter: `alert.attributes.tags: ${quoted(MANAGED_TAG)}`, sort_field: 'created_at', sort_order: 'asc' };

/** The namespaces whose rules stand in a space. */
export async function namespacesIn(kibana: Kibana, space: string): Promise<Set<string>> {
  const tagged = await findAll(kibana, space, `${RULES}/_find`, OURS, 'rule_id');
  return new Set(
    tagged.flatMap((body) => {
      const mark = ruleMark(body);
      return mark !== undefined && mark.id === body.rule_id ? [mark.namespace] : [];
    }),
  );
}

async function readMany(kibana: Kibana, space: string, ids: readonly string[]): Promise<Body[]> {
  const found: Body[] = [];
  for (const lot of lotsOf(ids)) {
    const filter = anyOf('alert.attributes.params.ruleId', lot);
    found.push(...(await findAll(kibana, space, `${RULES}/_find`, { filter }, 'rule_id')));
  }
  return found;
}

function isOurs(body: Body, namespace: string, wanted: boolean): boolean {
  if (!isTagged(body)) return false;
  const mark = ruleMark(body);
  return mark === undefined ? wanted : mark.id === body.rule_id && mark.namespace === namespace;
}

async function desiredRules(kibana: Kibana, space: string, scope: Scope, content: Content): Promise<Desired[]> {
  if (content.rules.length === 0) return [];
  const { namespace, indices } = scope;
  const types = fieldTypes(content);
  const kept = await listIdsWith(kibana, space, namespace, content);
  return content.rules.map((rule): Desired => {
    const parts = {
      namespace,
      indices: indices ?? defaultIndices(namespace),
      types,
      compiled: compiledExceptions(content, rule),
      lists: kept(rule),
    };
    const body = ruleBody(rule, parts);
    return { id: planId(space, kibanaRuleId(rule.uuid, namespace)), title: rule.name, body };
  });
}

/** The mapping types of our templates, by the full name of a field. */
export function fieldTypes({ resources }: Content): Map<string, string> {
  const templates = resources.filter(({ kind }) => kind === 'component_template').map(({ body }) => body.template);
  const leaves = templates.flatMap((template) => (isRecord(template) ? [...leafFields(template.mappings)] : []));
  return new Map(leaves.map(([field, { type }]) => [field, typeof type === 'string' ? type : 'keyword']));
}

/**
 * The body to send: the file's, with our marks, and with what an analyst added to the rule that is there.
 * @throws ProblemError REFUSED when the rule that is there is not ours (any more)
 */
async function writable(
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

/** The spaces that a scope names. */
export function spacesOf({ kibana }: Scope): readonly string[] {
  return kibana === undefined ? [] : kibana.spaces.length === 0 ? [DEFAULT_SPACE] : kibana.spaces;
}
