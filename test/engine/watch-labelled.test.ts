import { runRules } from '../../src/schedulers/local/run-rules';
import { join } from 'node:path';
import { alerts, type Alert } from '../../src/schedulers/alert-index-search';
import { isRecord } from '../../src/json';
import { watchBody } from '../../src/schedulers/watcher/watch-body';
import { defaultIndices } from '../../src/detections/indices';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { deleteStreams } from '../support/delete-streams';
import { request } from '../support/request';
import {
  describeLabelled,
  documentOf,
  labelledEvents,
  labelledFiles,
  sourceOf,
  type Labelled,
} from '../support/labelled';
import { storeRule } from '../support/dataset';
import { testServer } from '../support/test-server';
import { runWatch } from '../support/watch-run';

/*
 * The proof of the watches on real events: what search, scripts and transform of a watch make of each labelled file, and what
 * the local scheduler makes of it. Every event that must alert is there, and some of each file that must not: labelled.test.ts
 * tries the search itself on all of them.
 */
const MOST_OTHERS = 40;

const rules = readRules(join(__dirname, '..', '..', 'rules'));
let groups = 0;

describeLabelled('watches over labelled events', () => {
  test.each(labelledFiles)(
    'watches on labelled events: %s: a watch alerts on the groups on which the local scheduler does, under the same ids',
    async (file) => {
      const node = await testServer();
      const { cluster, namespace } = node;
      const events = eventsOf(file);
      const shipped = await node.ship(sourceOf(events[0]), events.map(documentOf));
      expect(shipped.filter(({ status }) => status !== 201)).toEqual([]);
      const indices = defaultIndices(namespace).filter((index) => index.endsWith(`-${namespace}`));
      // Late enough that nothing of this is within the settle delay.
      const scheduled = new Date(Date.now() + 120_000).toISOString();
      const watches = rules.map((rule) => watchBody(rule, toQueryDsl(rule), { namespace, indices }));
      try {
        const written: Alert[] = [];
        for (const watch of watches) {
          const { transformed } = await runWatch(cluster, watch, { scheduled });
          written.push(...((transformed?._doc ?? []) as Alert[]));
        }
        for (const rule of rules) {
          const stored = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
          await storeRule(cluster, namespace, { ...stored, rule, query: toQueryDsl(rule), indices });
        }
        await runRules(cluster, { namespace });
        const local = await alerts(cluster, { namespace, limit: 10_000 });
        expect(told(written)).toEqual(told(local));
        groups += local.length;
        // The local scheduler's alerts are known to the watches: they have nothing to add.
        for (const watch of watches) expect((await runWatch(cluster, watch, { scheduled })).acts).toBe(false);
      } finally {
        await deleteStreams(cluster, `logs-*-${namespace}`);
        for (const index of ['alerts', 'state']) {
          await request(cluster, { method: 'DELETE', path: `/wmi-detections-${index}-${namespace}`, allow: [404] });
        }
      }
    },
  );

  afterAll(() => {
    expect(groups).toBeGreaterThan(20);
  });
});

function eventsOf(file: string): Labelled[] {
  const all = labelledEvents(file);
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
