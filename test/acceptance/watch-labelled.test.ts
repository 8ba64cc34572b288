import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alerts, type Alert } from '../../src/commands/alerts';
import { run } from '../../src/commands/run';
import { parseJson, writeJson } from '../../src/content/lossless-json';
import { isRecord } from '../../src/json';
import { watchBody } from '../../src/resources/watch-body';
import { defaultIndices } from '../../src/rules/indices';
import { toQueryDsl } from '../../src/rules/query-dsl';
import { readRules } from '../../src/rules/rule';
import { request } from '../../src/target/target';
import { storeRule } from '../support/scene';
import { harbour, type Source } from '../support/ship';
import { runWatch } from '../support/watch-run';

/*
 * The proof of the watches on real events: what search, scripts and transform of a watch make of each labelled file, and what
 * the local scheduler makes of it. Every event that must alert is there, and some of each file that must not: labelled.test.ts
 * tries the search itself on all of them.
 */
const ROOT = join(__dirname, '..', '..');
const LABELLED = join(ROOT, '..', 'shared', 'datasets', 'labelled');
const SOURCES: Readonly<Record<string, Source>> = {
  sysmon_1: 'sysmon',
  security_4688: 'security',
  crowdstrike_pr2: 'crowdstrike',
};
const MOST_OTHERS = 40;

interface Labelled {
  readonly kind: string;
  readonly labels: readonly string[];
  readonly raw: Record<string, unknown> | string;
}

const files = existsSync(LABELLED) ? readdirSync(LABELLED).sort() : [];
const rules = readRules(join(ROOT, 'rules'));
let groups = 0;

if (files.length === 0) test.skip(`no labelled events in ${LABELLED}`, () => undefined);

test.each(files)(
  '%s: a watch alerts on the groups on which the local scheduler does, under the same ids',
  async (file) => {
    const node = await harbour();
    const { target, namespace } = node;
    const events = eventsOf(file);
    const source = SOURCES[events[0]?.kind ?? ''];
    if (source === undefined) throw new Error(`no data stream for ${file}`);
    const texts = events.map(({ raw }) => (typeof raw === 'string' ? { message: raw } : writeJson(raw)));
    expect((await node.ship(source, texts)).filter(({ status }) => status !== 201)).toEqual([]);
    const indices = defaultIndices(namespace).filter((index) => index.endsWith(`-${namespace}`));
    // Late enough that nothing of this is within the settle delay.
    const scheduled = new Date(Date.now() + 120_000).toISOString();
    const watches = rules.map((rule) => watchBody(rule, toQueryDsl(rule), { namespace, indices }));
    try {
      const written: Alert[] = [];
      for (const watch of watches) {
        const { transformed } = await runWatch(target, watch, { scheduled });
        written.push(...((transformed?._doc ?? []) as Alert[]));
      }
      for (const rule of rules) {
        const stored = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
        await storeRule(target, namespace, { ...stored, rule, query: toQueryDsl(rule), indices });
      }
      await run(target, { namespace });
      const local = await alerts(target, { namespace, limit: 10_000 });
      expect(told(written)).toEqual(told(local));
      groups += local.length;
      // The local scheduler's alerts are known to the watches: they have nothing to add.
      for (const watch of watches) expect((await runWatch(target, watch, { scheduled })).acts).toBe(false);
    } finally {
      await request(target, { method: 'DELETE', path: `/_data_stream/logs-*-${namespace}`, allow: [404] });
      for (const index of ['alerts', 'state']) {
        await request(target, { method: 'DELETE', path: `/wmi-detections-${index}-${namespace}`, allow: [404] });
      }
    }
  },
);

afterAll(() => {
  if (files.length > 0) expect(groups).toBeGreaterThan(20);
});

/** NXLog's Keywords are integers of 64 bits, which JSON.parse would round to something larger. */
function eventsOf(file: string): Labelled[] {
  const lines = readFileSync(join(LABELLED, file), 'utf8').trimEnd().split('\n');
  const all = lines.map((line) => parseJson(line) as Labelled);
  const others = all.filter(({ labels }) => labels.length === 0).slice(0, MOST_OTHERS);
  return [...all.filter(({ labels }) => labels.length > 0), ...others];
}

/** Alerts by id, without what differs by design: who wrote them, when, and how many of their events they name. */
function told(found: readonly Alert[]): Record<string, unknown> {
  return Object.fromEntries(
    found.map(({ _id, ...alert }) => {
      const { scheduler, ancestors, ...ours } = isRecord(alert.wmi_detections) ? alert.wmi_detections : {};
      expect(Array.isArray(ancestors) && ancestors.length > 0 && scheduler !== undefined).toBe(true);
      return [_id, { ...alert, '@timestamp': null, wmi_detections: ours }];
    }),
  );
}
