import { deploymentOn } from '../support/deployment';
import type { Verb } from '../../src/schedulers/request-table';
import { findVerb } from '../../src/commands';
import type { Outcome } from '../../src/commands/command';
import { withSandbox } from '../../src/testing/sandbox';
import { tryWatch } from '../../src/schedulers/watcher/execute-watch';
import { readAllContent } from '../../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../../src/program';
import type { Cluster } from '../../src/cluster/cluster';
import { alertingDataset, deployMonitors } from '../support/alerting-dataset';
import { rowsFor, type Seen } from '../support/request-table';
import { quiet } from '../support/context';
import { contentWith } from '../support/content';
import { proxy, type Proxy } from '../support/proxy';
import { dataset, wmiChild } from '../support/dataset';
import { testCluster } from '../support/cluster';
import { deployWatches, watcherOfEachTest } from '../support/watcher-dataset';

/*
 * The table of requests and privileges is whole for the schedulers that a cluster has of its own: as for the local one
 * (test/engine/request-table.test.ts), but what runs the rules plays the plugin's part, in front of the real engine.
 */
const watcher = watcherOfEachTest();
const seen: Seen[] = [];
let verb: Verb = 'plan';
let between: Proxy | undefined;

afterEach(() => {
  between?.close();
  seen.length = 0;
});

/** Notes what goes to a cluster. */
async function recorded(cluster: Cluster): Promise<void> {
  between = await proxy(cluster, ({ method, path }) => {
    seen.push(...asKinds(decodeURIComponent(path)).map((each) => ({ verb, method, path: each })));
    return undefined;
  });
}

/** What a monitor reads is one list: events and, so that there is something, our state. `*` before a name excuses its absence. */
function asKinds(path: string): string[] {
  if (!path.startsWith('/*')) return [path];
  const [, list = '', rest = ''] = path.split('/');
  const names = list.split(',').map((name) => name.replace(/^\*/, ''));
  const isState = (name: string): boolean => name.startsWith('wmi-detections-state-');
  return [names.filter((name) => !isState(name)), names.filter(isState)].map((kind) => `/${kind.join()}/${rest}`);
}

function give(name: string, argv: Record<string, unknown>, by = name as Verb): Promise<Outcome> {
  const command = findVerb(name)?.load();
  if (command === undefined) throw new Error(`there is no command ${name}`);
  verb = by;
  return command.run(quiet(), { esUrl: between?.url, output: 'json', ...argv });
}

/** What the table does not know of what was seen, for its command and that scheduler. */
function unknown(scheduler: string, namespace: string): string[] {
  const where = { namespace, spaces: ['default'] };
  const missing = seen.filter(
    (each) => !rowsFor(each, where).some((row) => row.scheduler === undefined || row.scheduler === scheduler),
  );
  return [...new Set(missing.map(({ verb: by, method, path }) => `${by}: ${method} ${path}`))];
}

test('request table of the native schedulers: has every request to opensearch-alerting', async () => {
  const events = await dataset();
  const { namespace } = events;
  const { deployment } = await alertingDataset({ namespace });
  const ingested = new Date(Date.now() - 1_000).toISOString();
  await events.index([1, 2].map((pid) => wmiChild(`p${pid}`, { 'process.pid': pid, 'event.ingested': ingested })));
  await deployMonitors(deployment, contentWith([events.rule]));
  await recorded(deployment.cluster);
  const all = { namespace, scheduler: 'opensearch-alerting' };
  const { json } = await give('alerts', all);
  const ids = (json as { _id: string }[]).map(({ _id }) => _id);
  expect(ids).toHaveLength(2);
  await give('alerts', { ...all, action: 'explain', ids: ids.slice(0, 1) });
  await give('alerts', { ...all, action: 'ack', ids }, 'ack');
  await give('risk', { ...all, from: 'now-24h', cap: 3 });
  await give('reconcile', { ...all, from: 'now-24h', to: 'now' });
  await give('status', { ...all, since: '24h', 'max-blind': 50 });
  await give('doctor', { ...all, for: 'reader' });
  await give('test', { ...all, live: true, report: 'text' });
  const asked = new Set(
    seen.map(({ verb: by, path }) => `${by} ${path.replace(/monitors\/[^/]{10,}/, 'monitors/<id>')}`),
  );
  expect(asked).toContain('ack /_plugins/_alerting/monitors/<id>/_acknowledge/alerts');
  expect(asked).toContain('test /_plugins/_alerting/monitors/_execute');
  expect(unknown('opensearch-alerting', namespace)).toEqual([]);
});

test('request table of the native schedulers: has every request to watcher', async () => {
  const events = await dataset();
  const { namespace, rule } = events;
  const content = contentWith([rule]);
  const cluster = await watcher().cluster();
  await deployWatches(deploymentOn({ cluster, namespace }, 'watcher'), content);
  await recorded(cluster);
  const all = { namespace, scheduler: 'watcher' };
  await give('alerts', all);
  await give('reconcile', { ...all, from: 'now-24h', to: 'now' });
  await give('doctor', { ...all, for: 'reader' });
  verb = 'test';
  const { cluster: front = cluster } = between ?? {};
  // The node behind Watcher is no Elasticsearch, so the pipelines are put on it directly.
  await withSandbox(await testCluster(), readAllContent(PROGRAM_FOLDER), (sandbox) =>
    tryWatch({ ...sandbox, cluster: front }, rule, content),
  );
  const asked = seen.map(({ verb: by, method, path }) => `${by} ${method} ${path}`);
  expect(asked).toContain('test PUT /_watcher/watch/_execute');
  expect(unknown('watcher', namespace)).toEqual([]);
});
