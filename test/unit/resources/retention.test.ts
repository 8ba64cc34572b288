import { indexTemplate } from '../../../src/resources/content-kinds';
import { join } from 'node:path';
import { readContent } from '../../../src/content/read-content';
import { ProblemError } from '../../../src/errors';
import { isRecord, type JsonRecord } from '../../../src/json';
import type { Scope } from '../../../src/resources/kind';
import type { Product, Cluster } from '../../../src/cluster/cluster';

const content = { resources: readContent(join(__dirname, '../../..')), rules: [] };

/** The index templates for a product; nothing is asked of the cluster. */
async function templatesFor(product: Product, retention?: string): Promise<ReadonlyMap<string, JsonRecord>> {
  const cluster = { url: 'http://127.0.0.1:9200', product, version: '3.8.0' } as Cluster;
  const scope: Scope = { cluster, namespace: 'default', now: 0, retention };
  const desired = await indexTemplate.desired(scope, content);
  return new Map(desired.map(({ id, body }) => [id, body]));
}

function lifecycleIn(body: JsonRecord | undefined): unknown {
  return isRecord(body?.template) ? body.template.lifecycle : undefined;
}

test('retention: a retention is in the template of every data stream and in no other', async () => {
  const templates = await templatesFor('elasticsearch', '90d');
  const streams = [...templates].filter(([, body]) => isRecord(body.data_stream));
  expect(streams.map(([, body]) => lifecycleIn(body))).toEqual(streams.map(() => ({ data_retention: '90d' })));
  expect(streams).toHaveLength(4);
  expect(lifecycleIn(templates.get('wmi-detections-alerts@template'))).toBeUndefined();
});

test('retention: without one events are kept for good', async () => {
  const templates = await templatesFor('elasticsearch');
  expect([...templates.values()].map(lifecycleIn)).toEqual([...templates.values()].map(() => undefined));
});

test('retention: what Elasticsearch adds to a lifecycle is no difference, another retention is one', async () => {
  const wanted = (await templatesFor('elasticsearch', '90d')).get('logs-sysmon.process_creation@template') ?? {};
  const stored = (lifecycle: JsonRecord): JsonRecord => ({
    ...wanted,
    template: { ...(isRecord(wanted.template) ? wanted.template : {}), lifecycle },
  });
  const normalize = indexTemplate.normalize(wanted);
  expect(indexTemplate.normalize(stored({ enabled: true, data_retention: '90d' }))).toEqual(normalize);
  expect(indexTemplate.normalize(stored({ enabled: true, data_retention: '30d' }))).not.toEqual(normalize);
});

test('retention: OpenSearch has no such lifecycle', async () => {
  const refused: unknown = await templatesFor('opensearch', '90d').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ProblemError);
  expect((refused as ProblemError).message).toMatchInlineSnapshot(`
   "http://127.0.0.1:9200: \`retention: 90d\` needs the data stream lifecycle of Elasticsearch; this is OpenSearch 3.8.0
     Take it out of the settings, and let a policy of Index State Management delete old backing indices of logs-*.process_creation-* and logs-crowdstrike.process_rollup2-*."
  `);
});
