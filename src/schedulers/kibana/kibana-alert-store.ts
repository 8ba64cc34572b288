import { ProblemError } from '../../errors';
import { kibanaRules } from './kibana-rule-kind';
import { allSpaces, type KibanaSpaces } from './spaces';
import { kibanaRuleId } from './rule-ownership';
import type { Scope } from '../../resources/kind';
import { anyOf } from '../../sigma/compile/query-dsl';
import { textAt, isRecord, type JsonRecord } from '../../json';
import type { Rule } from '../../detections/rule';
import { DEFAULT_SPACE, type Kibana } from '../../cluster/kibana';
import type { AlertFilter, AlertStatus } from '../../detections/alert-filter';
import { type Alert, ancestorsIn } from '../alert-index-search';
import type { AlertStore, Listed } from '../scheduler';
import type { Hit } from '../../detections/group';
import { toIso } from '../../text/time';
import { alertOf } from '../alert-of-group';
import { sourceFields } from '../group-summary';

const SIGNALS = '/api/detection_engine/signals';
const PAGE = 500;
const ID = 'kibana.alert.uuid';

interface Page {
  readonly timed_out?: boolean;
  readonly _shards?: { readonly failed?: number };
  readonly hits: { readonly hits: readonly Hit[] };
}

interface Changed {
  readonly updated?: number;
  readonly failures?: readonly unknown[];
}

/** What Kibana's Detection Engine keeps, in every space of the scope, of the rules that are ours. */
export function kibanaAlertStore(scope: Scope, kibana: KibanaSpaces, known: readonly Rule[]): AlertStore {
  return {
    list: (wanted) => list(scope, kibana, known, wanted),
    refusal: () => undefined,
    batches: (alerts) => allSpaces(kibana).map((space) => alerts.filter((alert) => spaceOf(alert) === space)),
    setStatus: (alerts, { status }) => setStatus(kibana, alerts, status),
  };
}

async function list(scope: Scope, kibana: KibanaSpaces, known: readonly Rule[], wanted: AlertFilter): Promise<Listed> {
  const { namespace } = scope;
  const ruleOf = new Map(known.map((rule) => [kibanaRuleId(rule.uuid, namespace), rule]));
  const alerts: Alert[] = [];
  const notes: string[] = [];
  for (const space of allSpaces(kibana)) {
    const live = await kibanaRules(kibana.server, space).list(scope, []);
    const ours = live.filter((each) => each.ours).map(({ body, title = '' }) => ({ id: String(body.rule_id), title }));
    const rules = ours.filter(({ id }) => ruleOf.has(id));
    for (const { title } of ours.filter(({ id }) => !ruleOf.has(id))) {
      notes.push(`${title}: its rule is not known here; name the content that it came from with --content`);
    }
    const query = queryOf(
      rules.map(({ id }) => id),
      wanted,
    );
    for await (const hits of found(kibana.server, space, query, kibanaFields(known))) {
      for (const hit of hits) {
        const rule = ruleOf.get(textAt(hit._source, 'kibana.alert.rule.rule_id') ?? '');
        if (rule !== undefined) alerts.push(alertOfKibana(rule, space, hit));
      }
    }
  }
  return { alerts, notes };
}

/** What leaves out most of the others; the rest of a filter is looked at by whoever asked. */
function queryOf(ruleIds: readonly string[], { ids, from, to }: AlertFilter): JsonRecord[] {
  const time = 'kibana.alert.original_time';
  const period = { ...(from !== undefined && { gte: toIso(from) }), ...(to !== undefined && { lt: toIso(to) }) };
  return [
    { terms: { 'kibana.alert.rule.rule_id': ruleIds } },
    ...(ids === undefined ? [] : [anyOf(ids.map((value) => ({ prefix: { [ID]: { value } } })))]),
    // An alert of a group has no such time.
    ...(Object.keys(period).length === 0
      ? []
      : [anyOf([{ range: { [time]: period } }, { bool: { must_not: [{ exists: { field: time } }] } }])]),
  ];
}

/** Page by page in the order of ids: the API knows no other way beyond 10,000. */
async function* found(
  kibana: Kibana,
  space: string,
  filter: readonly JsonRecord[],
  source: readonly string[],
): AsyncGenerator<readonly Hit[], void, undefined> {
  let last: string | null = null;
  for (;;) {
    const after: JsonRecord[] = last === null ? [] : [{ range: { [ID]: { gt: last } } }];
    const body = {
      size: PAGE,
      query: { bool: { filter: [...filter, ...after] } },
      sort: [{ [ID]: { order: 'asc' } }],
      _source: source,
    };
    const { body: page } = await kibana.ask<Page>({ method: 'POST', path: `${SIGNALS}/search`, space, body });
    if (page.timed_out === true || (page._shards?.failed ?? 0) > 0) {
      const message = 'a part of the alerts could not be read: a shard did not answer, or not in time';
      throw new ProblemError('REFUSED', [
        { where: { url: `${kibana.url}${SIGNALS}/search`, method: 'POST' }, message },
      ]);
    }
    const { hits } = page.hits;
    if (hits.length > 0) yield hits;
    last = textAt(hits.at(-1)?._source, ID);
    if (hits.length < PAGE || last === null) return;
  }
}

function spaceOf(alert: Alert): string {
  return textAt(alert, 'wmi_detections.space') ?? DEFAULT_SPACE;
}

/** Kibana says how many it changed, and of those that it did not, why. */
async function setStatus({ server }: KibanaSpaces, alerts: readonly Alert[], status: string): Promise<void> {
  const [first] = alerts;
  if (first === undefined) return;
  const path = `${SIGNALS}/status`;
  const body = { signal_ids: alerts.map(({ _id }) => _id), status };
  const { body: done } = await server.ask<Changed>({ method: 'POST', path, space: spaceOf(first), body });
  const { updated = 0, failures = [] } = done;
  if (updated === alerts.length && failures.length === 0) return;
  const reasons = failures.length === 0 ? '' : `: ${failures.map((each) => JSON.stringify(each)).join('; ')}`;
  const message = `Kibana changed ${updated} of ${alerts.length} alerts${reasons}`;
  const hint = 'Somebody may have changed them in the same moment: look at them again.';
  throw new ProblemError('REFUSED', [{ where: { url: `${server.url}${path}`, method: 'POST' }, message, hint }]);
}

const STATUS_OF: Readonly<Record<string, AlertStatus>> = {
  open: 'open',
  acknowledged: 'acknowledged',
  'in-progress': 'acknowledged',
  closed: 'closed',
};

/** The fields of an alert of Kibana that {@link alertOfKibana} reads. */
function kibanaFields(rules: readonly Rule[]): string[] {
  const own = ['uuid', 'ancestors', 'original_time', 'risk_score', 'workflow_status', 'workflow_status_updated_at'];
  const named = ['rule_id', 'name', 'version'].map((field) => `rule.${field}`);
  return [
    ...[...own, ...named].map((field) => `kibana.alert.${field}`),
    ...new Set(rules.flatMap((rule) => sourceFields({ rule }))),
  ];
}

/**
 * An alert of the Detection Engine in the form of the local scheduler's (docs/design.md, "Alert document").
 *
 *   of the document                    | from the alert of Kibana
 *   -----------------------------------|---------------------------------------------------------------------
 *   _id, @timestamp                    | its own
 *   event.start, event.end             | kibana.alert.original_time
 *   event.risk_score, rule.name, …     | kibana.alert.*: as the rule was then
 *   wmi_detections.status              | kibana.alert.workflow_status
 *   wmi_detections.ancestors           | kibana.alert.ancestors
 *   wmi_detections.space               | where it stands, unless that is the default space
 *   everything else                    | the rule, and the fields of the event, which Kibana copies
 */
function alertOfKibana(rule: Rule, space: string, { _id, _source: source = {} }: Hit): Alert {
  const of = (field: string): string | null => textAt(source, `kibana.alert.${field}`);
  const written = timeOf(textAt(source, '@timestamp')) ?? 0;
  const happened = timeOf(of('original_time')) ?? written;
  const summary = {
    group: { id: _id, day: '', values: rule.groupBy.map((field) => textAt(source, field)) },
    count: 1,
    first: happened,
    last: happened,
    source,
    ancestors: ancestorsIn(source['kibana.alert.ancestors']),
  };
  const { document } = alertOf(rule, summary, written);
  const [event, ours, named] = [document.event, document.wmi_detections, document.rule].map((part) =>
    isRecord(part) ? part : {},
  );
  const [score, name, version, changed] = ['risk_score', 'rule.name', 'rule.version', 'workflow_status_updated_at'].map(
    of,
  );
  return {
    _id,
    ...document,
    event: { ...event, ...(score != null && { risk_score: Number(score) }) },
    rule: { ...named, ...(name != null && { name }), ...(version != null && { version }) },
    wmi_detections: {
      ...ours,
      status: STATUS_OF[of('workflow_status') ?? ''] ?? 'open',
      ...(changed != null && { status_updated_at: changed }),
      scheduler: 'kibana',
      ...(space !== DEFAULT_SPACE && { space }),
    },
  };
}

function timeOf(text: string | null): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
