import { randomUUID } from 'node:crypto';
import { isRecord } from '../../src/json';
import { readMatches } from '../../src/cluster/search-all';
import { parseDuration } from '../../src/text/duration';
import { request } from './request';
import { eqlMatcher } from './eql-evaluator';
import type { Thing } from './kibana-state';
import type { FlatDocument } from './sigma-evaluator';
import { testCluster } from './cluster';

/**
 * Runs a rule of type eql as Kibana's preview does: over the events of its window on the real node, by a reader of EQL of our
 * tests' own, the alerts written where Kibana keeps those of previews.
 */
export async function runPreview(space: string, rule: Thing): Promise<Thing> {
  const cluster = await testCluster();
  const previewId = randomUUID();
  const index = `.preview.alerts-security.alerts-${space}`;
  const end = Date.parse(String(rule.timeframeEnd));
  const back = parseDuration(String(rule.from).replace('now-', '')) ?? 0;
  const matches = eqlMatcher(String(rule.query));
  const range = { gte: new Date(end - back).toISOString(), lt: new Date(end).toISOString() };
  const window = { range: { [String(rule.timestamp_override)]: range } };
  const alerts: string[] = [];
  for await (const hits of readMatches(cluster, { indices: indicesOf(rule), query: window })) {
    for (const { _id: id, _index: from, _source: event = {} } of hits) {
      if (!matches(flat(event), 'false')) continue;
      const alert = {
        'kibana.alert.rule.uuid': previewId,
        'kibana.alert.ancestors': [{ id, index: from, type: 'event', depth: 0 }],
        'kibana.alert.reason': `process event created ${String(rule.severity)} alert ${String(rule.name)}.`,
      };
      alerts.push(`{"create":{}}\n${JSON.stringify(alert)}\n`);
    }
  }
  const mappings = { properties: { 'kibana.alert.rule.uuid': { type: 'keyword' } } };
  await request(cluster, { method: 'PUT', path: `/${index}`, body: { mappings }, allow: [400] });
  if (alerts.length > 0) {
    await request(cluster, { method: 'POST', path: `/${index}/_bulk`, ndjson: alerts.join('') });
  }
  return { previewId, isAborted: false, logs: [{ errors: [], warnings: [], duration: 5 }] };
}

function indicesOf({ index }: Thing): string[] {
  return Array.isArray(index) ? index.map(String) : [];
}

/** Fields by their dotted names. */
function flat(value: unknown, name = ''): FlatDocument {
  if (!isRecord(value)) return { [name]: value as FlatDocument[string] };
  const parts = Object.entries(value).map(([key, part]) => flat(part, name === '' ? key : `${name}.${key}`));
  return Object.assign({}, ...parts) as FlatDocument;
}
