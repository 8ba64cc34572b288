import { isRecord, type JsonRecord } from '../../json';
import { defaultIndices } from '../../detections/indices';
import type { Kibana } from '../../cluster/kibana';
import { leafFields } from '../../resources/effective-template';
import { markKibanaRule, dropRule, putRule, putRules } from './put-rule';
import { compiledExceptions, listIdsWith } from './exception-lists';
import { kibanaId, kibanaRuleId, planId, isOurs, readRules, taggedRules } from './rule-ownership';
import { ruleBody } from './rule-body';
import { normalizeRule, ourLists } from './normalize-rule';
import type { Content, Desired, Kind, Live, Scope } from '../../resources/kind';
import { allSpaces, type KibanaSpaces } from './spaces';
import { cadenceOf, type Execution, type RuleState } from '../deployed-rule';

/** From this many on, creations and updates go through `_import`, some hundred rules a request. */
const BATCH_FROM = 51;

/** The rules of the Detection Engine in one space. */
export function kibanaRules(kibana: Kibana, space: string): Kind {
  return {
    name: 'detection_rule',

    desired: (scope, content) => desiredRules(kibana, space, scope, content),

    async list({ namespace }, ids) {
      const wanted = ids.map((id) => kibanaId(space, id));
      const tagged = await taggedRules(kibana, space);
      const known = new Set(tagged.map(({ rule_id: id }) => id));
      const missing = wanted.filter((id) => !known.has(id));
      return [...tagged, ...(await readRules(kibana, space, missing))].map((body): Live => {
        const id = String(body.rule_id);
        const title = typeof body.name === 'string' ? body.name : undefined;
        const ours = isOurs(body, namespace, wanted.includes(id));
        const digest = isRecord(body.meta) ? body.meta.digest : undefined;
        return { id: planId(space, id), title, body, ours, digest: typeof digest === 'string' ? digest : undefined };
      });
    },

    put: (scope, desired) => putRule(kibana, space, scope, desired),
    batch: { from: BATCH_FROM, put: (scope, desired) => putRules(kibana, space, scope, desired) },
    remove: (_scope, id) => dropRule(kibana, space, kibanaId(space, id)),
    normalize: normalizeRule,
    refs: (body) => ourLists(body).map((id) => planId(space, id)),
    mark: ({ namespace }, _desired, { body }) => markKibanaRule(kibana, space, namespace, body),
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

async function desiredRules(kibana: Kibana, space: string, scope: Scope, content: Content): Promise<Desired[]> {
  if (content.rules.length === 0) return [];
  const { namespace, indices, now } = scope;
  const types = fieldTypes(content);
  const kept = await listIdsWith(kibana, space, scope, content);
  return content.rules.map((rule): Desired => {
    const parts = {
      namespace,
      indices: indices ?? defaultIndices(namespace),
      types,
      compiled: compiledExceptions(content, rule, now),
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
 * How our rules in Kibana are doing, space by space.
 * @param now milliseconds since 1970
 */
export async function kibanaRuleStates(scope: Scope, kibana: KibanaSpaces, now: number): Promise<RuleState[]> {
  const states: RuleState[] = [];
  for (const space of allSpaces(kibana)) {
    const live = await kibanaRules(kibana.server, space).list(scope, []);
    states.push(...live.filter(({ ours }) => ours).map(({ body }) => stateOf(body, space, now)));
  }
  return states;
}

function stateOf(body: JsonRecord, space: string, now: number): RuleState {
  const enabled = body.enabled === true;
  return {
    uuid: String(body.rule_id),
    name: String(body.name),
    version: Number(body.version),
    scheduler: 'kibana',
    space,
    ...cadenceOf({ interval: String(body.interval), enabled, execution: executionOf(body) }, now),
  };
}

/** Kibana keeps the last run in `execution_summary`; a rule that never ran has none. */
function executionOf({ execution_summary: summary }: JsonRecord): Execution | null {
  const last = isRecord(summary) ? summary.last_execution : undefined;
  if (!isRecord(last) || typeof last.date !== 'string') return null;
  const metrics = isRecord(last.metrics) ? last.metrics : {};
  return {
    at: last.date,
    result: String(last.status),
    message: typeof last.message === 'string' ? last.message : '',
    gap: typeof metrics.execution_gap_duration_s === 'number' ? metrics.execution_gap_duration_s * 1_000 : 0,
  };
}
