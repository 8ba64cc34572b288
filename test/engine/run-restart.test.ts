import { localDeployment } from '../support/deployment';
import { deploy } from '../../src/plan/deploy';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { alerts } from '../../src/schedulers/alert-index-search';
import { becomesHealthy } from '../../src/engine/answer';
import { discardNode, type NodeProcess } from '../../src/engine/launch';
import { startNode } from '../../src/engine/start-node';
import { readAllContent } from '../../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../../src/program';
import { runLoop, type RunLoopEvent } from '../../src/schedulers/local/run-loop';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { proxy } from '../support/proxy';
import { SYSMON, wmiChild } from '../support/dataset';
import { simulation } from '../support/simulation';

/** A node of this test's own, that can be killed and started again on the same data. */
class Restartable {
  private child: ChildProcess;

  constructor(private readonly node: NodeProcess) {
    this.child = node.child;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async start(): Promise<void> {
    if (this.child.signalCode === null) await once(this.child, 'exit');
    const [command = '', ...args] = this.child.spawnargs;
    this.child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const healthy = await becomesHealthy(this.node, 180, new AbortController().signal);
    if (!healthy) throw new Error('the node did not come back');
  }

  async discard(): Promise<void> {
    await discardNode({ ...this.node, child: this.child });
  }
}

let restartable: Restartable;
let cluster: Cluster;
const namespace = 'restart';

beforeAll(async () => {
  const node = await startNode();
  restartable = new Restartable(node);
  cluster = await connect({ url: node.url });
  const content = readAllContent(PROGRAM_FOLDER);
  const deployment = localDeployment({ cluster, namespace });
  await deploy(deployment, await deployment.plan(content, { prune: false }), quiet(), {
    yes: true,
  });
}, 240_000);
afterAll(() => restartable.discard());

async function arrive(pid: number): Promise<void> {
  const time = new Date().toISOString();
  const { id, ...document } = wmiChild(`e${pid}`, { '@timestamp': time, 'event.ingested': time, 'process.pid': pid });
  await request(cluster, {
    method: 'PUT',
    path: `/${SYSMON}-${namespace}/_create/${id}`,
    query: { refresh: true, pipeline: '_none' },
    body: document,
  });
}

test('run --watch: a node that dies while alerts are written, and comes back, costs a watch nothing', async () => {
  await arrive(1);
  let died = false;
  const between = await proxy(cluster, ({ path }) => {
    if (died || !path.endsWith('/_bulk')) return undefined;
    died = true;
    restartable.kill();
    return 'cut before';
  });
  const pace = simulation();
  const stop = new AbortController();
  pace.after(0.2, async () => {
    await restartable.start();
    await arrive(2);
  });
  pace.after(6, () => {
    stop.abort();
  });
  const told: RunLoopEvent[] = [];
  const rules = ['process_execution_via_wmi'];
  for await (const each of runLoop(between.cluster, { namespace, rules, signal: stop.signal, pace })) told.push(each);
  between.close();

  const failed = told.filter(({ kind }) => kind === 'failure');
  expect(failed.length).toBeGreaterThan(0);
  expect(told.slice(0, failed.length)).toEqual(failed);
  expect(told.slice(failed.length)).toMatchObject([
    { kind: 'run', run: { from: null, events: 2, alerts: 2, new: 2 } },
    { kind: 'run', run: { new: 0 } },
  ]);
  expect(await alerts(cluster, { namespace })).toHaveLength(2);
}, 240_000);
