import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listRuleFolder } from '../../src/content/rule-folder';
import { readYaml } from '../../src/content/yaml-file';
import { parseRule } from '../../src/detections/parse-rule';
import type { Rule } from '../../src/detections/rule';
import { ProblemError } from '../../src/errors';
import { toEql } from '../../src/sigma/compile/eql';
import { evaluate } from '../../src/sigma/compile/evaluate';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { conditionOf } from '../../src/sigma/condition';
import { readFieldTypes } from '../../src/sigma/field-types';
import { splitJson } from '../support/split-json';
import { describeWith, documentOf, labelledEvents, labelledFiles, sourceOf } from '../support/labelled';
import { request } from '../support/request';
import { STREAMS, testServer, type TestServer } from '../support/test-server';

const SIGMA = join(__dirname, '..', '..', '..', 'shared', 'sigma');
const FOLDERS = ['rules', 'rules-emerging-threats', 'rules-threat-hunting'];

/** Rules that cannot be asked, and why. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  proc_creation_win_hktl_wsass: /too complex: engines refuse/,
  proc_creation_win_malware_dtrack: /too complex: engines refuse/,
  proc_creation_win_redsun_conhost_via_tiering_engine: /no source has the field "GrandParentImage"/,
  proc_creation_win_susp_obfuscated_ip_via_cli: /\\b is not supported/,
};

/** Where our answer is another than the oracle's, and why. */
const DIFFERENCES: readonly { readonly why: string; readonly applies: (slug: string, place: string) => boolean }[] = [
  {
    why: 'an event of macOS, which a rule for Windows does not match',
    applies: (slug, place) => slug === 'proc_creation_win_susp_non_exe_image' && place.startsWith('crowdstrike_pr2'),
  },
  {
    why: 'EventData is one XML text, which the oracle cannot read',
    applies: (_, place) => place === 'sysmon_1.otrf_security_datasets.flat_nxlog.ndjson:1077',
  },
];

describeWith(SIGMA, 'the given half of the rules of SigmaHQ', () => {
  const rules: Rule[] = [];
  const refused = new Map<string, string>();
  const places = new Map<string, string>();
  const regression = new Map<string, string[]>();
  const found = new Map<string, Set<string>>();
  const documents = new Map<string, unknown>();
  const table: string[] = [];
  let node: TestServer;

  beforeAll(async () => {
    const types = readFieldTypes('.');
    for (const { path, slug } of FOLDERS.flatMap((folder) => listRuleFolder(join(SIGMA, folder)).rules)) {
      try {
        rules.push(parseRule(readYaml(path), slug, types));
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        refused.set(slug, error.message);
      }
    }
    node = await testServer();
    for (const file of labelledFiles) {
      const events = labelledEvents(file);
      const shipped = await node.ship(sourceOf(events[0]), events.map(documentOf));
      shipped.forEach(({ id }, line) => places.set(id, `${file}:${String(line)}`));
    }
    for (const file of readdirSync(join(SIGMA, 'regression'))) {
      const events = splitJson(readFileSync(join(SIGMA, 'regression', file), 'utf8'));
      const source = JSON.stringify(events).includes('Microsoft-Windows-Sysmon') ? 'sysmon' : 'security';
      const shipped = await node.ship(source, events);
      regression.set(
        file.replace('.json', ''),
        shipped.map(({ id }) => id),
      );
    }
    await searchAll();
  }, 600_000);

  afterAll(() => {
    process.stderr.write(`\n${table.join('\n')}\n`);
  });

  /** Asks all rules of all events, in batches. */
  async function searchAll(): Promise<void> {
    const index = Object.values(STREAMS).map((name) => `${name}-${node.namespace}`);
    for (let at = 0; at < rules.length; at += 50) {
      const some = rules.slice(at, at + 50);
      const lines = some.flatMap((rule) => [
        { index, ignore_unavailable: true },
        { size: 1_000, _source: false, query: toQueryDsl(rule) },
      ]);
      const { body } = await request<{ responses: { error?: unknown; hits?: { hits: { _id: string }[] } }[] }>(
        node.cluster,
        {
          method: 'POST',
          path: '/_msearch',
          ndjson: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
          timeout: 300_000,
        },
      );
      body.responses.forEach(({ error, hits }, position) => {
        const rule = some[position];
        if (rule === undefined || hits === undefined) throw new Error(`${rule?.slug ?? ''}: ${JSON.stringify(error)}`);
        found.set(rule.uuid, new Set(hits.hits.map(({ _id }) => _id)));
      });
    }
  }

  test('every rule is accepted, or refused for a reason on the list', () => {
    table.push(
      `rules: ${String(rules.length)} accepted, ${String(refused.size)} refused: ${[...refused.keys()].join(', ')}`,
    );
    expect([...refused.keys()].sort()).toEqual(Object.keys(REFUSED).sort());
    for (const [slug, message] of refused) expect(message).toMatch(REFUSED[slug] ?? /^$/);
  });

  test('every accepted rule can be said in EQL', () => {
    expect(() => rules.map((rule) => toEql(rule))).not.toThrow();
  });

  test('the events on which SigmaHQ tests a rule are found', () => {
    const missed = [...regression].filter(
      ([uuid, ids]) => found.has(uuid) && !ids.some((id) => found.get(uuid)?.has(id) === true),
    );
    const tested = [...regression.keys()].filter((uuid) => found.has(uuid));
    table.push(
      `regression: ${String(tested.length - missed.length)} of ${String(tested.length)} rules find their event`,
    );
    expect(missed).toEqual([]);
  });

  test('over the labelled events the matches are those of the oracle, but for the listed differences', () => {
    type Labels = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
    const labels = JSON.parse(readFileSync(join(SIGMA, 'labels.json'), 'utf8')) as Labels;
    const differences = new Map<string, number>();
    const unexplained: string[] = [];
    let same = 0;
    for (const { uuid, slug } of rules) {
      const wanted = new Set(
        Object.entries(labels[uuid] ?? {}).flatMap(([file, lines]) => lines.map((line) => `${file}:${String(line)}`)),
      );
      const got = new Set([...(found.get(uuid) ?? [])].flatMap((id) => places.get(id) ?? []));
      for (const place of new Set([...wanted, ...got])) {
        if (wanted.has(place) && got.has(place)) same += 1;
        else {
          const why = DIFFERENCES.find(({ applies }) => applies(slug, place))?.why;
          if (why === undefined) unexplained.push(`${slug} ${place} ${got.has(place) ? 'found' : 'missed'}`);
          else differences.set(why, (differences.get(why) ?? 0) + 1);
        }
      }
    }
    table.push(
      `labelled events: ${String(same)} matches as the oracle`,
      ...[...differences].map(([why, n]) => `  ${String(n)} × ${why}`),
    );
    expect(unexplained).toEqual([]);
  });

  test('the evaluator finds the same in the documents that the engine found', async () => {
    const wrong: string[] = [];
    // Some of each rule's: the reference takes its time.
    const ids = [...new Set([...found.values()].flatMap((each) => [...each].slice(0, 1)))];
    const index = Object.values(STREAMS)
      .map((name) => `${name}-${node.namespace}`)
      .join(',');
    const path = `/${index}/_search`;
    const body = { size: 5_000, query: { ids: { values: ids } } };
    const { body: answer } = await request<{ hits: { hits: { _id: string; _source: unknown }[] } }>(node.cluster, {
      method: 'POST',
      path,
      query: { ignore_unavailable: true },
      body,
    });
    for (const { _id, _source } of answer.hits.hits) documents.set(_id, _source);
    for (const rule of rules) {
      const condition = conditionOf(rule);
      for (const [id, document] of documents) {
        const isMet = evaluate(condition, document) !== undefined;
        if (isMet !== (found.get(rule.uuid)?.has(id) === true)) wrong.push(`${rule.slug} ${id}`);
      }
    }
    table.push(`evaluator: ${String(rules.length * documents.size)} verdicts compared`);
    expect(wrong).toEqual([]);
  }, 300_000);
});
