import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventOf } from '../../src/replay/event';
import { listInputs } from '../../src/replay/inputs';
import { readInput } from '../../src/replay/read';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import type { Rule } from '../../src/detections/rule';
import {
  describeLabelled,
  describeWith,
  documentOf,
  labelledEvents,
  labelledFiles,
  sourceOf,
} from '../support/labelled';
import { testServer, type TestServer } from '../support/test-server';

const ROOT = join(__dirname, '..', '..');
const table: string[] = [];
let rules: Rule[];
let node: TestServer;

beforeAll(async () => {
  rules = readRules(join(ROOT, 'rules'));
  node = await testServer();
});

afterAll(() => {
  if (table.length > 0) process.stderr.write(`\n${['events   found  file', ...table].join('\n')}\n`);
});

describeLabelled('labelled events', () => {
  test.each(labelledFiles)(
    'labelled events: %s: every event is indexed, and the rules find those labelled and no others',
    async (file) => {
      const events = labelledEvents(file);
      const source = sourceOf(events[0]);
      const shipped = await node.ship(source, events.map(documentOf));
      expect(shipped.filter(({ status }) => status !== 201)).toEqual([]);

      const found: Record<string, readonly number[]> = {};
      const labelled: Record<string, readonly number[]> = {};
      for (const rule of rules) {
        const slug = slugOf(rule);
        const ids = await node.find(source, toQueryDsl(rule));
        found[slug] = shipped.flatMap(({ id }, line) => (ids.has(id) ? [line + 1] : []));
        labelled[slug] = events.flatMap(({ labels }, line) => (labels.includes(slug) ? [line + 1] : []));
      }
      const lines = Object.values(found).map((numbers) => numbers.length);
      table.push(
        `${String(events.length).padStart(6)}  ${lines.join(' + ').padStart(6)}  ${basename(file, '.ndjson')}`,
      );
      expect(found).toEqual(labelled);
    },
  );

  test('labelled events: the labels name our rules', () => {
    const names = new Set(labelledFiles.flatMap((file) => labelledEvents(file).flatMap(({ labels }) => labels)));
    expect(rules.map(slugOf)).toEqual(expect.arrayContaining([...names]));
  });
});

/* Logs as they were published: event XML, some rendered text between, many event ids. */
const LOGS = join(ROOT, '..', 'shared', 'datasets', 'attack_data');
const logs = ['gootloader/gootloader_i_am_goot_sysmon_xml.log', 'T1552.004/T1552.004_certutil_sysmon_xml.raw'];

describeWith(LOGS, 'published logs', () => {
  test.each(logs)('labelled events: %s: every event is indexed and understood', async (log) => {
    const before = await node.count('sysmon');
    let events = 0;
    for (const input of listInputs([join(LOGS, log)])) {
      for await (const read of readInput(input, () => undefined)) {
        if ('problem' in read) throw new Error(read.problem.message);
        const documents = read.records.map((record) => eventOf(record, read.file).document.toString());
        const shipped = await node.ship('sysmon', documents);
        expect(shipped.filter(({ status }) => status !== 201)).toEqual([]);
        events += documents.length;
      }
    }
    const whole = readFileSync(join(LOGS, log), 'utf8').match(/^(<Event |LogName=)/gm);
    expect(events).toBe(whole?.length);
    expect(await node.count('sysmon')).toBe(before + events);
    expect(await node.find('sysmon', { term: { 'event.kind': 'pipeline_error' } })).toEqual(new Set());
  });
});

/** The name of the rule's file, which is what the labels use. */
function slugOf(rule: Rule): string {
  return rule.slug;
}
