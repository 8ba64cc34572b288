import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { simulate } from '../../src/commands/simulate';
import { readContent } from '../../src/content/read-content';
import { countFailureStore } from '../../src/status/failure-store';
import { testCluster } from '../support/cluster';
import { request } from '../support/request';
import { temporaryFolder } from '../support/temporary-folders';
import { testServer } from '../support/test-server';

/* What Elasticsearch answers otherwise than OpenSearch, and what the program makes of it. */
const folder = temporaryFolder();
const STREAM = 'logs-sysmon.process_creation';

/** Indexes an event of the year 11476, past any pipeline. */
async function farAway(): Promise<Awaited<ReturnType<typeof testServer>>> {
  const server = await testServer();
  const path = `/${STREAM}-${server.namespace}/_doc`;
  const query = { refresh: true, pipeline: '_none' };
  const body = { '@timestamp': 300_000_000_000_000, process: { pid: 4 } };
  await request(server.cluster, { method: 'POST', path, query, body });
  return server;
}

test('errors of Elasticsearch: a failed search shows its cause', async () => {
  const { cluster, namespace } = await farAway();
  const asked = { field: '@timestamp', format: 'strict_date_time' };
  const search = cluster.client.search({ index: `${STREAM}-${namespace}`, docvalue_fields: [asked] });
  await expect(search).rejects.toThrow(
    'all shards failed; caused by illegal_argument_exception: Failed formatting value [300000000000000]',
  );
});

test('status on Elasticsearch: the failure store is counted', async () => {
  const { cluster, namespace } = await farAway();
  expect(await countFailureStore(cluster, `${STREAM}-${namespace}`)).toBe(0);
  expect(await countFailureStore(cluster, 'logs-windows.*')).toBe(0);
});

/** An integer beyond 64 bits. */
const HUGE = '123456789012345678901234567890';

test('simulate on Elasticsearch: agrees with indexing on an integer beyond 64 bits', async () => {
  write(
    'pipelines/outer.yml',
    "processors:\n  - set: {field: b, value: 1, tag: set-b}\n  - drop: {if: 'ctx.drop == true', tag: drop}\n",
  );
  write('fixtures/outer/test-a.json', `{"events":[{"n":${HUGE}},{"n":${HUGE},"drop":true}]}`);
  write('fixtures/outer/test-a.json-expected.json', `{"expected":[{"b":1,"n":${HUGE}},null]}`);
  const options = { fixtures: join(folder, 'fixtures') };
  const { cases } = await simulate(await testCluster(), readContent(folder), options);
  expect(cases.map(({ status, reasons, diff }) => [status, reasons, diff])).toEqual([['passed', [], '']]);
});

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
