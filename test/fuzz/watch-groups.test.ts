import * as fc from 'fast-check';
import { watchBody } from '../../src/schedulers/watcher/watch-body';
import { groupOf } from '../../src/detections/group';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { rule } from '../support/content';
import { testCluster } from '../support/cluster';
import { runWatch } from '../support/watch-run';

/**
 * The group script of the watches against `groupOf`, over random events: any text, list, number or object in any group field,
 * nested or dotted. `FUZZ_EVENTS` and `FUZZ_SEED` ask for more, and for others.
 */
const EVENTS = Number(process.env.FUZZ_EVENTS ?? 1000);
const INDEX = 'fuzz-watch-groups';
const TIME = '2025-03-10T11:50:00.000Z';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '"', '\\', '\u007f', '\u2028', 'null'),
);
const scalar = fc.oneof(text, fc.integer(), fc.constantFrom(0.5, -1.25), fc.boolean(), fc.constant(null));
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 4 }),
  fc.constantFrom({}, { name: 'x' }, [[['deep']], []], [{ name: 'y' }, { name: ['z'] }]),
);

const field = fc.constantFrom(...rule().groupBy, 'host.id', 'user.id', 'host', 'user', 'process.parent');
const event = fc.array(fc.tuple(field, value, fc.boolean()), { maxLength: 8 }).map((parts) => {
  const document: Record<string, unknown> = {};
  for (const [name, given, dotted] of parts) place(document, dotted ? [name] : name.split('.'), given);
  return document;
});

function place(into: Record<string, unknown>, [step = '', ...rest]: readonly string[], given: unknown): void {
  if (rest.length === 0) {
    into[step] = given;
    return;
  }
  const there = into[step];
  const inner = typeof there === 'object' && there !== null && !Array.isArray(there) ? { ...there } : {};
  into[step] = inner;
  place(inner, rest, given);
}

async function indexEvents(cluster: Cluster, events: readonly object[]): Promise<void> {
  const date = { type: 'date' };
  const mappings = { dynamic: false, properties: { '@timestamp': date, 'event.ingested': date } };
  await request(cluster, { method: 'DELETE', path: `/${INDEX}`, allow: [404] });
  await request(cluster, { method: 'PUT', path: `/${INDEX}`, body: { mappings } });
  const lines = events.flatMap((document) => [
    { index: {} },
    { ...document, '@timestamp': TIME, 'event.ingested': TIME },
  ]);
  const ndjson = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${INDEX}/_bulk`,
    query: { refresh: true },
    ndjson,
  });
  expect(body.errors).toBe(false);
}

test('watch groups: a watch groups events as the local scheduler does, whatever they hold', async () => {
  const cluster = await testCluster();
  const events = fc.sample(event, { numRuns: EVENTS, seed: Number(process.env.FUZZ_SEED ?? 1) });
  await indexEvents(cluster, events);
  const expected = new Map<string, number>();
  for (const source of events) {
    const { id } = groupOf(rule(), {
      _index: INDEX,
      _id: '',
      _source: source,
      fields: { '@timestamp': [Date.parse(TIME)] },
    });
    expected.set(id, (expected.get(id) ?? 0) + 1);
  }
  const watch = watchBody(rule(), { match_all: {} }, { namespace: 'fuzz_watch', indices: [INDEX] });
  const { transformed } = await runWatch(cluster, watch, { scheduled: '2025-03-10T12:00:00Z' });
  const written = transformed?._doc as { _id: string; wmi_detections: { count: number } }[];
  expect(new Map(written.map(({ _id, wmi_detections: { count } }) => [_id, count]))).toEqual(expected);
  await request(cluster, { method: 'DELETE', path: `/${INDEX}` });
});
