import { deploymentOn } from './deployment';
import { type Applied } from '../../src/plan/apply';
import { planFrom, type Plan } from '../../src/plan/plan';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import { checkTypes } from './watcher-contract';
import { startWatcher, type WatcherServer } from './watcher-server';

/**
 * Gives each test of the file an Elasticsearch with Watcher; a request that breaks the contract fails the file, for the check
 * takes some seconds and is done once.
 * @returns the one of the test that runs
 */
export function watcherOfEachTest(): () => WatcherServer {
  let server: WatcherServer | undefined;
  const all: WatcherServer[] = [];
  beforeEach(async () => {
    server = await startWatcher();
    all.push(server);
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  afterAll(() => {
    expect(checkTypes(all.flatMap(({ requests }) => requests))).toEqual([]);
  });
  return () => {
    if (server === undefined) throw new Error('Watcher runs only within a test');
    return server;
  };
}

export async function watcherDeployment(server: WatcherServer, namespace = 'default'): Promise<Deployment> {
  return deploymentOn({ cluster: await server.cluster(), namespace }, 'watcher');
}

/** The part of a plan that is about watches: the rest of the node belongs to all tests, and is no Elasticsearch. */
export function watchesOf({ steps, counts, leftovers }: Plan): Plan {
  return planFrom(
    steps.filter(({ kind }) => kind.name === 'watch'),
    counts.unchanged,
    leftovers.filter(({ kind }) => kind === 'watch'),
  );
}

export async function planWatches(deployment: Deployment, content: Content, prune = false): Promise<Plan> {
  return watchesOf(await deployment.plan(content, { prune }));
}

export async function deployWatches(deployment: Deployment, content: Content, prune = false): Promise<Applied> {
  return deployment.apply(await planWatches(deployment, content, prune));
}
