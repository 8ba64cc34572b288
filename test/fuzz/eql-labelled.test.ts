import { join } from 'node:path';
import { isRecord } from '../../src/json';
import { toEql } from '../../src/sigma/compile/eql';
import { listRuleFolder } from '../../src/content/rule-folder';
import { readExceptions } from '../../src/sigma/exceptions';
import { readFieldTypes } from '../../src/sigma/field-types';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { request } from '../support/request';
import { eqlMatcher } from '../support/eql-evaluator';
import { describeLabelled, documentOf, labelledEvents, labelledFiles } from '../support/labelled';
import { testServer, STREAMS, type TestServer, type Source } from '../support/test-server';
import type { FlatDocument } from '../support/sigma-evaluator';

/*
 * Real events from public data sets, through our pipelines: what the Query DSL of a rule finds on the
 * engine, its EQL matches as well, with the exceptions of rules/exceptions and without.
 */
const ROOT = join(__dirname, '..', '..');
/** Events found for each source: R1 is Windows WMI Process Call Create, R2 Process Execution via WMI. */
const SOURCES: readonly (readonly [string, Source, Readonly<Record<string, number>>])[] = [
  ['sysmon_1', 'sysmon', { R1: 3, 'R1 with exceptions': 3, R2: 8, 'R2 with exceptions': 8 }],
  // Four are DismHost.exe without a command line.
  ['security_4688', 'security', { R1: 1, 'R1 with exceptions': 1, R2: 10, 'R2 with exceptions': 6 }],
  ['crowdstrike_pr2', 'crowdstrike', { R1: 1, 'R1 with exceptions': 1, R2: 0, 'R2 with exceptions': 0 }],
];
const SHORT: Readonly<Record<string, string>> = {
  windows_wmi_process_call_create: 'R1',
  process_execution_via_wmi: 'R2',
};

const types = readFieldTypes(ROOT);
const rules = readRules(join(ROOT, 'rules'), types);
const exceptions = readExceptions(listRuleFolder(join(ROOT, 'rules')).exceptions, types);

describeLabelled('EQL', () => {
  test.each(SOURCES)(
    'EQL on labelled events: %s: they have the verdict of the Query DSL on every labelled event',
    async (prefix, source, counts) => {
      const node = await testServer();
      const shipped = await node.ship(source, labelled(prefix));
      expect(shipped.filter(({ status }) => status !== 201)).toEqual([]);
      const documents = await indexed(node, source);
      expect(documents.size).toBe(shipped.length);

      const found: Record<string, number> = {};
      for (const rule of rules) {
        // Those that are shipped switched off are compared all the same.
        const all = exceptions.find(({ slug }) => slug === rule.slug)?.entries ?? [];
        for (const [name, entries] of Object.entries({ '': [], ' with exceptions': all })) {
          const wanted = await node.find(source, toQueryDsl(rule, entries));
          found[`${SHORT[rule.slug] ?? rule.slug}${name}`] = wanted.size;
          const eql = eqlMatcher(toEql(rule, entries));
          expect(idsOf(documents, (document) => eql(document, 'false'))).toEqual(wanted);
          expect(idsOf(documents, (document) => eql(document, 'null'))).toEqual(wanted);
        }
      }
      expect(found).toEqual(counts);
    },
    300_000,
  );
});

function labelled(prefix: string): string[] {
  const files = labelledFiles.filter((file) => file.startsWith(prefix));
  return files.flatMap((file) => labelledEvents(file).map(documentOf));
}

function idsOf(documents: ReadonlyMap<string, FlatDocument>, holds: (document: FlatDocument) => boolean): Set<string> {
  return new Set([...documents].filter(([, document]) => holds(document)).map(([id]) => id));
}

interface Page {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: unknown }[] };
}

/** Every document of a source, by its id. */
async function indexed({ cluster, namespace }: TestServer, source: Source): Promise<Map<string, FlatDocument>> {
  const { body } = await request<Page>(cluster, {
    method: 'POST',
    path: `/${STREAMS[source]}-${namespace}/_search`,
    body: { size: 10_000, query: { match_all: {} }, _source: ['event.*', 'process.*', 'host.*', 'user.*'] },
  });
  return new Map(body.hits.hits.map(({ _id, _source }) => [_id, flat(_source)]));
}

/** Fields by their dotted names. */
function flat(value: unknown, name = ''): FlatDocument {
  if (!isRecord(value)) return { [name]: value as FlatDocument[string] };
  const parts = Object.entries(value).map(([key, part]) => flat(part, name === '' ? key : `${name}.${key}`));
  return Object.assign({}, ...parts) as FlatDocument;
}
