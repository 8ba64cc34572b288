import * as fc from 'fast-check';
import { GROUP_VALUE } from '../../src/schedulers/opensearch-alerting/bucket-scripts';
import { digestOfText, readKey } from '../../src/schedulers/opensearch-alerting/key-text';
import type { Cluster } from '../../src/cluster/cluster';
import { chunk } from '../../src/lists';
import { Renderer } from '../support/alerting-render';
import { testCluster } from '../support/cluster';
import { freshNamespace } from '../support/dataset';
import { request } from '../support/request';

/*
 * The way of a group value through OpenSearch Alerting: out of the script as a key, as the `after` key of the next page through
 * the Mustache of the real engine, and back. No text may change on it, nor the search around it.
 */

const JOINER = '\u2060';
const MOST = 1_500;

/** What somebody who knows the plugin would put into a command line. */
const HOSTILE = [
  '{{x}}',
  '{{{x}}}',
  '{{&x}}',
  '{{period_end}}',
  '{{#a}}',
  '{{^a}}',
  '{{/a}}',
  '{{!x',
  '{{>x}}',
  '{{=<% %>=}}<%x%>',
  '{{#toJson}}_source{{/toJson}}',
  '{{',
  '{{{{{',
  '}}',
  '}}}{{{',
  '{',
  '\\u007b\\u007bx}}',
  `{${JOINER}{x}}`,
  `{${JOINER}${JOINER}{`,
  JOINER,
  `${JOINER}#`,
  `${JOINER}ud800`,
  `${JOINER}x${'0'.repeat(36)}`,
  `x${JOINER}x00000000-0000-3000-8000-000000000000`,
  '#',
  'a#b##c',
  '\ud800',
  '\udc00 \ud83d',
  '\udc00\ud800',
  '😀',
  '\ufffd',
  'null',
  "'null",
  "''null",
  "'",
  "'2025-03-10",
  '2025-03-10',
  '2025/03/10 00:00:00Z',
  '"',
  '\\',
  '\n\r\t\u0000\u001f\u007f\u2028\u2029',
  '"},"size":10000,"x":{"',
  'docker ps --format {{.Names}}',
  ' ',
];

/** Any text, with what is special in it often. */
const text = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...HOSTILE, '{', '}', '=', '<', 'u', 'x') },
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''))
  .filter((joined) => joined.length > 0);

let cluster: Cluster;
let index: string;

beforeAll(async () => {
  cluster = await testCluster();
  index = `alerting-keys-${freshNamespace()}`;
  const keyword = { type: 'keyword', ignore_above: 8_191 };
  const properties = {
    number: { type: 'keyword' },
    value: { type: 'wildcard', doc_values: false, fields: { keyword } },
  };
  await request(cluster, { method: 'PUT', path: `/${index}`, body: { mappings: { properties } } });
});
afterAll(() => request(cluster, { method: 'DELETE', path: `/${index}` }));

/** The keys of texts, each by its script on the engine. */
async function keysOf(texts: readonly string[]): Promise<string[]> {
  const lines = texts.map(
    (value, number) => `{"index":{"_id":"${number}"}}\n${JSON.stringify({ number: String(number), value })}\n`,
  );
  await request(cluster, { method: 'POST', path: `/${index}/_bulk`, query: { refresh: true }, ndjson: lines.join('') });
  const script = { lang: 'painless', source: GROUP_VALUE, params: { fields: ['value'], most: MOST } };
  const sources = [{ number: { terms: { field: 'number' } } }, { value: { terms: { script } } }];
  const search = { size: 0, aggs: { groups: { composite: { size: 10_000, sources } } } };
  const { body } = await request<{
    aggregations: { groups: { buckets: { key: { number: string; value: string } }[] } };
  }>(cluster, { method: 'POST', path: `/${index}/_search`, body: search });
  const found = new Map(body.aggregations.groups.buckets.map(({ key }) => [Number(key.number), key.value]));
  return texts.map((_, number) => found.get(number) ?? '');
}

/** What the renderer makes of keys, as the plugin pastes them into its search. */
async function rendered(keys: readonly string[]): Promise<unknown> {
  const search = { aggs: { groups: { composite: { after: keys } } }, size: 0 };
  const out = await new Renderer(cluster).render(JSON.stringify(search), { start: 1, end: 2 });
  expect(Object.keys(out)).toEqual(Object.keys(search));
  return (out as typeof search).aggs.groups.composite.after;
}

describe('keys of OpenSearch Alerting', () => {
  test('any text comes back unchanged from script, renderer and reader, and no two texts have one key', async () => {
    const texts = [...new Set([...HOSTILE, ...fc.sample(text, { seed: 21, numRuns: 300 })])].filter(
      (each) => each.length <= MOST / 10,
    );
    const keys = await keysOf(texts);
    expect(new Set(keys).size).toBe(texts.length);
    expect(keys.filter((key) => key.includes('{{'))).toEqual([]);
    // Few enough for the length that a search may have.
    for (const some of chunk(keys, 50)) expect(await rendered(some)).toEqual(some);
    expect(keys.map((key) => readKey(key))).toEqual(texts);
  });

  test('values are joined by # without two groups having one name', async () => {
    const pairs = [
      ['a#b', 'c'],
      ['a', 'b#c'],
      ['a#', 'b#c'],
      ['#', `${JOINER}#`],
      [`#${JOINER}`, '#'],
    ];
    const keys = await keysOf(pairs.flat());
    const names = pairs.map((_, at) => keys.slice(2 * at, 2 * at + 2).join('#'));
    expect(new Set(names).size).toBe(pairs.length);
  });

  test.each([
    ['controls', '\u0001'],
    ['quotes', '"'],
    ['three bytes each', 'é€'],
    ['pairs', '😀'],
    ['halves', '\ud800'],
    ['templates', '{{'],
    ['word joiners', JOINER],
    ['letters', 'x'],
  ])(
    'a text of any length has a key of limited length that holds its beginning and its digest: %s',
    async (_, unit) => {
      const long = unit.repeat(Math.ceil(32_767 / unit.length));
      const [key = '', short = ''] = await keysOf([`${long}1`, unit.repeat(10)]);
      expect(Buffer.byteLength(JSON.stringify(await rendered([key])))).toBeLessThanOrEqual(MOST + 5);
      expect(readKey(key)).toEqual({ head: `${long}1`.slice(0, MOST / 10), digest: digestOfText(`${long}1`) });
      expect(readKey(short)).toBe(unit.repeat(10));
      const [other] = await keysOf([`${long}2`]);
      expect(other).not.toBe(key);
    },
  );

  test('no value is the key null, and the word null is not', async () => {
    const [key] = await keysOf(['']);
    expect(key).toBe('null');
    expect(readKey('null')).toBeNull();
    expect(readKey("'null")).toBe('null');
  });

  test.each([
    ['null', null],
    ["'2025-03-10", '2025-03-10'],
    ["'x", "'x"],
    ["''x", "''x"],
    [`a${JOINER}b`, `a${JOINER}b`],
    [`{${JOINER}{`, `{${JOINER}{`],
    ['{{x}}', '{{x}}'],
  ])('a key that version 0.1.0 wrote is read as it wrote it: %j', (key, value) => {
    expect(readKey(key, { plain: true })).toBe(value);
  });
});
