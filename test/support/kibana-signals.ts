import { createHash } from 'node:crypto';
import { isRecord } from '../../src/json';
import { kibanaRuleId } from '../../src/schedulers/kibana/rule-ownership';
import type { Rule } from '../../src/detections/rule';
import { listOf, Refusal, type Space, type Thing } from './kibana-state';
import type { Event } from './dataset';

/** An alert as Kibana's Detection Engine makes it of an event: its own fields by dotted names, those of the event as they are. */
export function signalOf(
  { uuid, name, version, risk }: Rule,
  { id, ...event }: Event,
  { index, namespace = 'default', ...change }: { index: string; namespace?: string } & Thing,
): Thing {
  const ruleId = kibanaRuleId(uuid, namespace);
  const alertId = createHash('sha256').update(`${index} ${id} ${ruleId}`).digest('hex');
  const { '@timestamp': time, event: ofEvent, ...rest } = event;
  return {
    ...rest,
    _id: alertId,
    '@timestamp': '2025-03-10T12:00:00.000Z',
    event: { ...(isRecord(ofEvent) ? ofEvent : {}), kind: 'signal' },
    'kibana.alert.uuid': alertId,
    'kibana.alert.original_time': time,
    'kibana.alert.ancestors': [{ id, index, type: 'event', depth: 0 }],
    'kibana.alert.risk_score': risk.score,
    'kibana.alert.workflow_status': 'open',
    'kibana.alert.rule.rule_id': ruleId,
    'kibana.alert.rule.name': name,
    'kibana.alert.rule.version': version,
    ...change,
  };
}

/** A search of alerts as Elasticsearch answers it: filters of some kinds, sorted by one field, so many. */
export function searchSignals({ alerts }: Space, { query, size = 10, sort, _source }: Thing): Thing {
  if (Number(size) > 10_000) throw new Refusal(400, 'Result window is too large');
  const found = alerts.filter((alert) => meets(query, alert));
  const [by] = listOf(sort).flatMap((each) => Object.keys(each));
  if (by !== undefined) found.sort((one, other) => (String(one[by]) < String(other[by]) ? -1 : 1));
  const wanted = Array.isArray(_source) ? _source.map(String) : undefined;
  const hits = found.slice(0, Number(size)).map(({ _id, ...source }) => {
    const fields = Object.entries(source).filter(
      ([field]) => wanted?.some((name) => name === field || name.startsWith(`${field}.`)) ?? true,
    );
    return { _id, _index: '.internal.alerts-security.alerts-default-000001', _source: Object.fromEntries(fields) };
  });
  return { took: 1, timed_out: false, hits: { total: { value: found.length, relation: 'eq' }, hits } };
}

/** Sets the status of alerts by their ids; those that are not there are passed over, as an update by query does. */
export function changeSignals({ alerts }: Space, { signal_ids: ids, status }: Thing): Thing {
  const wanted = Array.isArray(ids) ? ids.map(String) : [];
  const chosen = alerts.filter(({ _id: id }) => wanted.includes(String(id)));
  const workflow = { 'kibana.alert.workflow_status': status, 'kibana.alert.workflow_user': 'tester' };
  const at = { 'kibana.alert.workflow_status_updated_at': '2025-03-10T13:00:00.000Z' };
  for (const alert of chosen) Object.assign(alert, workflow, at);
  return {
    took: 1,
    timed_out: false,
    total: chosen.length,
    updated: chosen.length,
    version_conflicts: 0,
    failures: [],
  };
}

function meets(query: unknown, alert: Thing): boolean {
  if (!isRecord(query)) return true;
  const [[kind, asked]] = Object.entries(query) as [[string, Thing]];
  const [field = '', wanted] = Object.entries(asked)[0] ?? [];
  const value = alert[field];
  const given = isRecord(wanted) ? wanted : {};
  switch (kind) {
    case 'bool':
      return (
        listOf(asked.filter).every((each) => meets(each, alert)) &&
        listOf(asked.must_not).every((each) => !meets(each, alert)) &&
        (asked.should === undefined || listOf(asked.should).some((each) => meets(each, alert)))
      );
    case 'term':
      return value === wanted;
    case 'terms':
      return Array.isArray(wanted) && wanted.includes(value);
    case 'prefix':
      return String(value).startsWith(String(given.value));
    case 'exists':
      return alert[String(asked.field)] !== undefined;
    case 'range':
      return Object.entries(given).every(([bound, limit]) => within(value, bound, String(limit)));
    default:
      throw new Refusal(400, `the test server does not understand ${kind}`);
  }
}

/** Ids and ISO times, both in the order of their characters. */
function within(value: unknown, bound: string, limit: string): boolean {
  if (typeof value !== 'string') return false;
  const text = value.length === limit.length ? value : new Date(value).toISOString();
  return { gt: text > limit, gte: text >= limit, lt: text < limit, lte: text <= limit }[bound] ?? false;
}
