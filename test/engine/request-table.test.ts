import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestRow } from '../../src/schedulers/request-table';
import { REQUESTS } from '../../src/doctor/requests';
import type { Verb } from '../../src/schedulers/request-table';
import { findVerb } from '../../src/commands';
import type { Outcome } from '../../src/commands/command';
import { startAttached, type Engine } from '../../src/engine/start-node';
import { rowsFor, type Seen } from '../support/request-table';
import { connect } from '../../src/cluster/cluster';
import { quiet } from '../support/context';
import { proxy, type Proxy } from '../support/proxy';
import { receiver } from '../support/receiver';
import { temporaryFolder } from '../support/temporary-folders';

/*
 * The table of requests and privileges is whole: what each command really sends to a real node, an engine of this test's
 * own on which nothing is there yet, is in the table for that command, and about indices that the row names.
 */
const NAMESPACE = 'access';
const WHERE = { namespace: NAMESPACE, spaces: ['default'] };

let engine: Engine;
let recorder: Proxy;
let verb: Verb = 'plan';
const seen: Seen[] = [];
const folder = temporaryFolder();

beforeAll(async () => {
  engine = await startAttached();
  recorder = await proxy(await connect({ url: engine.url }), ({ method, path }) => {
    seen.push({ verb, method, path: decodeURIComponent(path) });
    return undefined;
  });
  await everyCommand();
}, 300_000);
afterAll(async () => {
  recorder.close();
  await engine.stop();
});

async function give(name: string, argv: Record<string, unknown> = {}, by = name as Verb): Promise<Outcome> {
  const command = findVerb(name)?.load();
  if (command === undefined) throw new Error(`there is no command ${name}`);
  verb = by;
  return command.run(quiet(), { esUrl: recorder.url, namespace: NAMESPACE, output: 'json', ...argv });
}

async function everyCommand(): Promise<void> {
  await expect(give('alerts')).rejects.toThrow('nothing was ever deployed');
  const soc = await receiver();
  const config = join(folder, 'settings.yml');
  writeFileSync(config, `notify: {soc: {url: "${soc.url}"}}\n`);
  await give('plan', { prune: false });
  await give('deploy', { yes: true, prune: false });
  await give('replay', { files: ['samples'] });
  // Once more, where the streams are there.
  await give('replay', { files: ['samples'] });
  await give('run', { config });
  await soc.close();
  await give('run', { 'dry-run': true });
  const { json } = await give('alerts', { limit: 100 });
  const ids = (json as { _id: string }[]).slice(0, 2).map(({ _id }) => _id);
  await give('alerts', { action: 'explain', ids: ids.slice(0, 1) });
  await give('alerts', { limit: 3, output: 'html' });
  await expect(give('alerts', { rule: 'none' })).rejects.toThrow('there is no rule');
  await give('alerts', { action: 'ack', ids }, 'ack');
  await give('risk', { from: '2025-03-01', cap: 3 });
  await give('reconcile', { from: '2025-03-01', to: 'now' });
  await give('status', { since: '24h', 'max-blind': 50 });
  await give('doctor', { for: 'deployer' });
  await give('simulate', { fixtures: 'test/pipelines', generate: false });
  await give('test');
  await give('destroy', { yes: true, 'with-data': true });
}

test('request table: has every request that a command makes, for that command and those indices', () => {
  const unknown = seen.filter((each) => rowsFor(each, WHERE).length === 0);
  expect([...new Set(unknown.map(({ verb: by, method, path }) => `${by}: ${method} ${path}`))]).toEqual([]);
});

test('request table: would miss a request that is not in it', () => {
  const rows = (by: Verb, method: string, path: string): readonly RequestRow[] =>
    rowsFor({ verb: by, method, path }, WHERE);
  expect(rows('run', 'POST', '/logs-sysmon.process_creation-access/_search')).not.toEqual([]);
  expect(rows('run', 'POST', '/logs-sysmon.process_creation-other/_search')).toEqual([]);
  expect(rows('replay', 'DELETE', '/logs-sysmon.process_creation-access/_search')).toEqual([]);
  expect(rows('simulate', 'POST', '/logs-sysmon.process_creation-access/_search')).toEqual([]);
  expect(rows('alerts', 'DELETE', '/wmi-detections-alerts-access')).toEqual([]);
});

test('request table: every row is used, or is for other products and rare cases', () => {
  const used = new Set(seen.flatMap((each) => rowsFor(each, WHERE)));
  // Why a document went to the failure store of Elasticsearch.
  const isForFailures = ({ request, verbs }: RequestRow): boolean =>
    request === 'POST /_mget' && verbs.includes('replay');
  const idle = REQUESTS.filter((row) => row.scheduler === undefined && !used.has(row) && !isForFailures(row)).map(
    ({ request }) => request,
  );
  // Elasticsearch's lifecycle, licence and security; a template that changes under a stream that is there; exceptions; more than a page.
  const elsewhere =
    /_lifecycle$|_license|_has_privileges|^PUT .*_mapping$|_rollover$|_count$|^POST \/(_search\/scroll|_ingest\/_simulate|\{state\}\/_(mget|bulk))$/;
  expect(idle.filter((request) => !elsewhere.test(request))).toEqual([]);
});
