import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseJson, writeJson } from '../../src/content/lossless-json';
import { eventOf } from '../../src/events/event';
import { listInputs } from '../../src/events/inputs';
import { readInput } from '../../src/events/read';
import { toQueryDsl } from '../../src/rules/query-dsl';
import { readRules, type Rule } from '../../src/rules/rule';
import { harbour, type Harbour, type Source } from '../support/ship';

/*
 * Real events from public data sets, each labelled with the rules that must alert on it by the seeds' own search
 * (../shared/README.md). They are no part of the project: where they are absent, this test says so and is skipped.
 */
const ROOT = join(__dirname, '..', '..');
const LABELLED = join(ROOT, '..', 'shared', 'datasets', 'labelled');
const SOURCES: Readonly<Record<string, Source>> = {
  sysmon_1: 'sysmon',
  security_4688: 'security',
  crowdstrike_pr2: 'crowdstrike',
};

interface Labelled {
  readonly kind: string;
  readonly labels: readonly string[];
  /** As its shipper sent it: a document, or the text of one event. */
  readonly raw: Record<string, unknown> | string;
}

const files = existsSync(LABELLED) ? readdirSync(LABELLED).sort() : [];
const table: string[] = [];
let rules: Rule[];
let node: Harbour;

beforeAll(async () => {
  rules = readRules(join(ROOT, 'rules'));
  if (files.length > 0) node = await harbour();
});

afterAll(() => {
  if (table.length > 0) process.stderr.write(`\n${['events   found  file', ...table].join('\n')}\n`);
});

if (files.length === 0) test.skip(`no labelled events in ${LABELLED}`, () => undefined);

test.each(files)('%s: every event is indexed, and the rules find those labelled and no others', async (file) => {
  const events = readFileSync(join(LABELLED, file), 'utf8').trimEnd().split('\n').map(parse);
  const source = SOURCES[events[0]?.kind ?? ''];
  if (source === undefined) throw new Error(`no data stream for ${file}`);
  const shipped = await node.ship(
    source,
    events.map(({ raw }) => (typeof raw === 'string' ? { message: raw } : writeJson(raw))),
  );
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
  table.push(`${String(events.length).padStart(6)}  ${lines.join(' + ').padStart(6)}  ${basename(file, '.ndjson')}`);
  expect(found).toEqual(labelled);
});

test('the labels name our rules', () => {
  const names = new Set(files.flatMap((file) => labelsOf(join(LABELLED, file))));
  expect(rules.map(slugOf)).toEqual(expect.arrayContaining([...names]));
});

/** NXLog's Keywords are integers of 64 bits, which JSON.parse would round to something larger. */
function parse(line: string): Labelled {
  return parseJson(line) as Labelled;
}

/* Logs as they were published: event XML, some rendered text between, many event ids. */
const LOGS = join(ROOT, '..', 'shared', 'datasets', 'attack_data');
const logs = ['gootloader/gootloader_i_am_goot_sysmon_xml.log', 'T1552.004/T1552.004_certutil_sysmon_xml.raw'];

test.each(existsSync(LOGS) ? logs : [])('%s: every event is indexed and understood', async (log) => {
  const before = await node.count('sysmon');
  let events = 0;
  for (const input of listInputs([join(LOGS, log)])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      const documents = read.frames.map((frame) => eventOf(frame, read.file).document);
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

function labelsOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => parse(line).labels);
}

/** The name of the rule's file, which is what the labels use. */
function slugOf(rule: Rule): string {
  return rule.slug;
}
