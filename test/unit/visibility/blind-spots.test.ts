import { requireWhole } from '../../../src/cluster/search-all';
import type { Cluster } from '../../../src/cluster/cluster';
import { connect } from '../../../src/cluster/cluster';
import { composedSpots } from '../../../src/visibility/composed';
import { comparedFields, fieldSpots, longValueQuestions } from '../../../src/visibility/field-spots';
import { finds, type FieldMap, type Mapped } from '../../../src/visibility/fields';
import { isRemote, stateSpots } from '../../../src/visibility/index-states';
import { unreadableSpots } from '../../../src/visibility/readable';
import { ownStream } from '../../../src/visibility/standing';
import { matches, rivalsOf } from '../../../src/visibility/streams';
import { listNames } from '../../../src/visibility/blind-spot';
import type { Test } from '../../../src/sigma/condition';
import { fakeCluster } from '../../support/fake-cluster';
import { rule } from '../../support/content';

/* The rows of docs/blind-spots.md that no engine here can show, and the decisions below the others. */

const contains: Test = { kind: 'text', pattern: [{ wildcard: 'many' }, { literal: 'call' }], cased: false };
const commandLine = rule({ condition: { kind: 'field', field: 'process.command_line', test: contains } });
const compared = comparedFields([{ rule: commandLine }]);
const stream = ownStream('sysmon.process_creation', 'default');

function mapped(type: string, changes: Partial<Mapped> = {}): Mapped {
  return { type, searchable: true, indices: undefined, ...changes };
}

test('blind spots: a frozen index is one; a searchable snapshot, logsdb and an ordinary index are none', () => {
  const states = new Map([
    ['frozen', { settings: { index: { frozen: 'true' } } }],
    ['mounted', { settings: { index: { store: { type: 'snapshot' } } } }],
    ['logsdb', { settings: { index: { mode: 'logsdb' } } }],
    ['ordinary', { settings: { index: {} }, mappings: { _source: {} } }],
  ]);
  expect(stateSpots(states).map(({ code, index }) => [code, index])).toEqual([['frozen_index', 'frozen']]);
});

test('blind spots: a component template that replaces our types is one, with a keyword beside it none', () => {
  const template = (definition: object) => ({
    settings: { index: { default_pipeline: stream.pipeline } },
    mappings: { properties: { process: { properties: { command_line: definition } } } },
  });
  expect(composedSpots(stream, template({ type: 'match_only_text' }), compared)).toMatchObject([
    { code: 'unsearchable_field', rules: [commandLine.name] },
  ]);
  for (const type of ['wildcard', 'keyword']) expect(composedSpots(stream, template({ type }), compared)).toEqual([]);
  const both = { type: 'text', fields: { keyword: { type: 'keyword' } } };
  expect(composedSpots(stream, template(both), compared)).toEqual([]);
});

test('blind spots: a new index with another pipeline is one', () => {
  expect(composedSpots(stream, {}, [])).toMatchObject([{ code: 'other_pipeline' }]);
});

test('blind spots: a keyword that leaves values out is asked for on Elasticsearch, which lists them, and not on OpenSearch', () => {
  const map: FieldMap = new Map([['process.command_line', [mapped('keyword')]]]);
  expect(longValueQuestions(map, compared, 'opensearch')).toEqual({});
  expect(JSON.stringify(longValueQuestions(map, compared, 'elasticsearch'))).toContain(
    '{"term":{"_ignored":"process.command_line"}}',
  );
  const count = { index: 'x', documents: 3, processCreations: 3, raw: 0, withoutIngested: 0 };
  const found = (answers: Record<string, number>) =>
    fieldSpots(map, compared, { counts: [{ ...count, answers }], labelOf: (index) => index });
  expect(found({ 'process.command_line': 2 })).toMatchObject([{ code: 'long_values', index: 'x' }]);
  expect(found({ 'process.command_line': 0 })).toEqual([]);
});

test.each<[string, Test, Mapped, boolean]>([
  ['a part of a text', contains, mapped('keyword'), true],
  ['a part of a text', contains, mapped('wildcard'), true],
  ['a part of a text', contains, mapped('text'), false],
  ['a part of a text', contains, mapped('keyword', { searchable: false }), false],
  ['one word', { kind: 'text', pattern: [{ literal: 'process' }], cased: true }, mapped('text'), true],
  ['a file name', { kind: 'text', pattern: [{ literal: 'WMIC.exe' }], cased: false }, mapped('text'), false],
  ['a number as text', { kind: 'text', pattern: [{ literal: '4688' }], cased: false }, mapped('long'), true],
  ['a number', { kind: 'number', value: 4 }, mapped('text'), false],
  ['a network', { kind: 'cidr', network: '192.0.2.0/24' }, mapped('keyword'), false],
  ['that there is a value', { kind: 'exists' }, mapped('text'), true],
])('blind spots: a test for %s in a field finds values: %j %j %s', (_, asked, field, found) => {
  expect(finds(asked, field)).toBe(found);
});

test('blind spots: of several templates those of higher or equal priority that match the name are rivals', () => {
  const template = (name: string, priority: number, pattern: string) => ({
    ...{ name, priority, patterns: [pattern], isOurs: false },
  });
  const all = [
    template('lower', 100, 'logs-*'),
    template('equal', 250, '*-default'),
    template('higher', 500, 'logs-*-*'),
    template('elsewhere', 500, 'logs-*-other'),
    { ...template(stream.template, 250, 'logs-sysmon.process_creation-*'), isOurs: true },
  ];
  expect(rivalsOf(stream, all).rivals.map(({ name }) => name)).toEqual(['higher', 'equal']);
  const raised = new Map([[stream.template, 600]]);
  expect(rivalsOf(stream, all, raised).rivals).toEqual([]);
  expect([matches('logs-*', 'logs-a'), matches('logs-*', 'xlogs-a'), matches('a.b', 'axb')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('blind spots: indices of other clusters are known by their colon, dates in names are not', () => {
  expect(['remote:logs-*', 'logs-*', '<logs-{now/d{yyyy.MM.dd|+12:00}}>'].map(isRemote)).toEqual([true, false, false]);
});

test('blind spots: an answer without one of the remote clusters is refused; one with all of them is not', () => {
  const clusters = { total: 2, successful: 2, skipped: 0, running: 0, partial: 0, failed: 0 };
  expect(() => {
    requireWhole({ _clusters: clusters }, 'http://x');
  }).not.toThrow();
  expect(() => {
    requireWhole({ _clusters: { ...clusters, successful: 1, skipped: 1 } }, 'http://x');
  }).toThrow('1 remote cluster(s) did not answer');
});

describe('blind spots: what this user may not read', () => {
  async function spotsOf(body: object, status = 200): Promise<readonly string[]> {
    const server = await fakeCluster(undefined, ({ path }) =>
      path === '/' ? { body: { version: { number: '9.4.3' } } } : { status, body },
    );
    try {
      const cluster: Cluster = await connect({ url: server.url });
      return (await unreadableSpots(cluster, ['logs-a', 'winlogbeat-*'])).map(({ index }) => index);
    } finally {
      await server.close();
    }
  }

  test('is named where Elasticsearch would leave it out', async () => {
    const index = { 'logs-a': { read: true }, 'winlogbeat-*': { read: false } };
    expect(await spotsOf({ username: 'ines', cluster: {}, index })).toEqual(['winlogbeat-*']);
  });

  test('is nothing where security is switched off', async () => {
    expect(await spotsOf({ error: 'security is not enabled' }, 500)).toEqual([]);
  });
});

test('blind spots: of many rules the first are named', () => {
  expect([listNames([]), listNames(['a']), listNames(['a', 'b']), listNames(['a', 'b', 'c', 'd', 'e'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b, c and 2 more',
  ]);
});
