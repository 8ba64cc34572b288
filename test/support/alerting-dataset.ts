import { type Here, connectedDeployment } from './deployment';
import { type Applied } from '../../src/plan/apply';
import { planFrom, type Plan } from '../../src/plan/plan';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import { stateIndex } from '../../src/detections/indices';
import { request } from './request';
import { startAlerting, type AlertingServer } from './alerting-server';
import { freshNamespace } from './dataset';
import { testCluster } from './cluster';

/** OpenSearch Alerting in front of the real engine, and a namespace that no other test uses. */
export interface AlertingDataset {
  readonly server: AlertingServer;
  readonly deployment: Deployment;
}

const open: AlertingDataset[] = [];

afterEach(async () => {
  for (const { server, deployment } of open.splice(0)) {
    const gone = { method: 'DELETE', allow: [404] } as const;
    await request(deployment.cluster, { ...gone, path: `/_data_stream/logs-*-${deployment.namespace}` });
    const states = [deployment.namespace, `${deployment.namespace}b`].map(stateIndex).join(',');
    await request(deployment.cluster, { ...gone, path: `/${states}`, query: { ignore_unavailable: true } });
    await server.close();
  }
});

export async function alertingDataset({
  channel,
  ...changes
}: Partial<Here> & { readonly channel?: string } = {}): Promise<AlertingDataset> {
  const server = await startAlerting(await testCluster());
  const place = { cluster: server.cluster, namespace: freshNamespace(), ...changes };
  const deployment = await connectedDeployment(place, { channel }, { runs: 'opensearch-alerting' });
  const here = { server, deployment };
  // A namespace that is given belongs to whoever gave it.
  open.push({
    ...here,
    deployment: changes.namespace === undefined ? deployment : deployment.with({ namespace: freshNamespace() }),
  });
  return here;
}

/** The part of a plan that is about monitors: the rest of the node belongs to all tests. */
export async function planMonitors(deployment: Deployment, content: Content, prune = false): Promise<Plan> {
  const { steps, counts } = await deployment.plan(content, { prune });
  return planFrom(
    steps.filter(({ kind }) => kind.name === 'monitor'),
    counts.unchanged,
    [],
  );
}

export async function deployMonitors(deployment: Deployment, content: Content, prune = false): Promise<Applied> {
  return deployment.apply(await planMonitors(deployment, content, prune));
}
