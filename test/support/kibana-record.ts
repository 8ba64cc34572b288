import type { Plan } from '../../src/plan/plan';
import type { Deployment } from '../../src/plan/deployment';
import { deploy, recordDeployment, type Deployed } from '../../src/plan/deploy';
import { locateSpaces, type KibanaSpaces } from '../../src/schedulers/kibana/spaces';
import { DEPLOYMENT_RECORD, readDeploymentRecord } from '../../src/schedulers/deployment-record';
import type { SchedulerName } from '../../src/settings/schema';
import { stateIndex } from '../../src/detections/indices';
import { request } from './request';
import { testCluster } from './cluster';
import { quiet } from './context';
import { freshNamespace } from './dataset';
import { connectedDeployment, localDeployment } from './deployment';
import { connectionTo, destroyKibana, planKibana, kibanaOfEachTest } from './kibana-dataset';
import { contentWith, rule } from './content';
import type { KibanaServer } from './kibana-server';

export const CONTENT = contentWith([rule()]);
export const BOTH = ['default', 'soc'];

export interface Named {
  readonly spaces?: readonly string[];
  /** Whether a flag names them. */
  readonly chosen?: boolean;
  readonly scheduler?: SchedulerName;
  readonly url?: string;
  /** Whether a Kibana is named at all; it is where not given. */
  readonly kibana?: false;
}

/** A Kibana and a namespace of its own for each test, and what `deploy` records of that Kibana there. */
export interface RecordDataset {
  readonly server: () => KibanaServer;
  readonly namespace: () => string;
  readonly naming: (named: Named) => Promise<Deployment>;
  readonly deployed: (deployment: Deployment, options?: { prune?: boolean; move?: boolean }) => Promise<Deployed>;
  readonly destroyed: (deployment: Deployment) => Promise<void>;
  /** The spaces that a call sees whose settings name the default space. */
  readonly located: () => Promise<KibanaSpaces>;
  /** The record; undefined where there is none. */
  readonly remembered: () => Promise<unknown>;
  readonly version: () => Promise<number | undefined>;
  readonly rulesIn: (space: string) => number;
  /** The text of an error, without what differs between runs. */
  readonly withoutPort: (error: unknown) => string;
}

export function recordDataset(): RecordDataset {
  const server = kibanaOfEachTest();

  let namespace = '';
  beforeEach(() => {
    namespace = freshNamespace();
  });

  afterEach(async () => {
    const asked = { method: 'DELETE', path: `/${stateIndex(namespace)}`, allow: [404] } as const;
    await request(await testCluster(), asked);
  });

  /** The deployment of a call whose settings name these spaces. */
  async function naming(named: Named): Promise<Deployment> {
    const { spaces, chosen = false, scheduler = 'kibana', url } = named;
    if (named.kibana === false) return localDeployment({ cluster: await testCluster(), namespace });
    const kibana = await connectionTo({ ...server(), url: url ?? server().url }, { ...(spaces && { spaces }) });
    return connectedDeployment({ cluster: await testCluster(), namespace }, { kibana }, { runs: scheduler, chosen });
  }

  async function located(): Promise<KibanaSpaces> {
    const scope = { cluster: await testCluster(), namespace, now: Date.now() };
    return locateSpaces(scope, await connectionTo(server()), { chosen: false, runsRules: true });
  }

  async function deployed(
    deployment: Deployment,
    options: { prune?: boolean; move?: boolean } = {},
  ): Promise<Deployed> {
    const { prune = false, move = false } = options;
    const plan = await planKibana(deployment, CONTENT, prune);
    return deploy(deployment, plan, quiet(), { yes: true, move: move ? { content: CONTENT, prune } : undefined });
  }

  async function remembered(): Promise<unknown> {
    const scope = { cluster: await testCluster(), namespace, now: Date.now() };
    const record = await readDeploymentRecord(scope, 'kibana');
    return record && { url: record.url, spaces: record.spaces };
  }

  /** How often the document was written; undefined where it is not there. */
  async function version(): Promise<number | undefined> {
    const path = `/${stateIndex(namespace)}/_doc/${DEPLOYMENT_RECORD}`;
    const asked = { method: 'GET', path, allow: [404] } as const;
    return (await request<{ _version?: number }>(await testCluster(), asked)).body._version;
  }

  function rulesIn(space: string): number {
    return server().space(space).rules.size;
  }

  function withoutPort(error: unknown): string {
    return String(error)
      .replaceAll(/:\d{4,5}/g, ':PORT')
      .replaceAll(namespace, 'NS');
  }

  /** As `destroy` does it, but for what all namespaces share: the other tests use it. */
  async function destroyed(deployment: Deployment): Promise<void> {
    const applied = await destroyKibana(deployment);
    expect(applied.problems).toEqual([]);
    await recordDeployment(deployment, applied, quiet());
  }

  return {
    ...{ server, namespace: () => namespace, naming, located, deployed, destroyed },
    ...{ remembered, version, rulesIn, withoutPort },
  };
}

/** What a plan tells of the spaces that are not named. */
export function notesOf({ scheduler }: Deployment, { leftovers }: Plan): readonly string[] {
  return scheduler.notes({ command: 'plan', leftovers });
}
