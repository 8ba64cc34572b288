import type { KibanaConnection } from '../../src/schedulers/kibana/spaces';
import { connectedDeployment } from './deployment';
import { makeDestroyPlan } from '../../src/plan/destroy';
import type { Applied } from '../../src/plan/apply';
import { planFrom, type Plan } from '../../src/plan/plan';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import { connectKibana } from '../../src/cluster/kibana';
import { API_KEY, type KibanaServer, startKibana } from './kibana-server';
import { quick } from './retry-policy';
import { testCluster } from './cluster';
import { contractMode, findKibanaOpenapi } from './kibana-openapi';

const OF_KIBANA: readonly string[] = ['exception_list', 'exception_item', 'detection_rule'];

/** What a rule of Kibana holds that somebody made with another type than ours. */
export const OTHER_TYPE = { type: 'query', language: 'kuery', query: 'process.name: x' };

/** A connection to some spaces of a Kibana. */
export async function connectionTo(
  server: KibanaServer,
  { spaces = ['default'], apiKey = API_KEY }: { spaces?: readonly string[]; apiKey?: string } = {},
): Promise<KibanaConnection> {
  return { server: await connectKibana({ url: server.url, apiKey }, spaces, { retryPolicy: quick() }), spaces };
}

export async function kibanaDeployment(
  server: KibanaServer,
  options: { spaces?: readonly string[]; namespace?: string; apiKey?: string } = {},
): Promise<Deployment> {
  const { namespace = 'default' } = options;
  const kibana = await connectionTo(server, options);
  return connectedDeployment({ cluster: await testCluster(), namespace }, { kibana }, { runs: 'kibana' });
}

/** The part of a plan that is about Kibana: the rest of the node belongs to all tests. */
export async function planKibana(deployment: Deployment, content: Content, prune = false): Promise<Plan> {
  return ofKibana(await deployment.plan(content, { prune }));
}

export async function destroyKibana(deployment: Deployment): Promise<Applied> {
  const { plan } = await makeDestroyPlan(deployment, { withData: false });
  return deployment.apply(ofKibana(plan));
}

export async function deployKibana(deployment: Deployment, content: Content, prune = false): Promise<Applied> {
  return deployment.apply(await planKibana(deployment, content, prune));
}

function ofKibana({ steps, counts, leftovers }: Plan): Plan {
  const ours = steps.filter(({ kind }) => OF_KIBANA.includes(kind.name));
  return planFrom(
    ours,
    counts.unchanged,
    leftovers.filter(({ kind }) => OF_KIBANA.includes(kind)),
  );
}

const openapi = findKibanaOpenapi(process.env);

const mode = contractMode(process.env, openapi);

/**
 * Tests that compare each request to Kibana with its OpenAPI document. Without the document they are skipped and their name
 * says why; with REQUIRE_KIBANA_CONTRACT=1 its absence is a failure.
 */
export function describeContract(name: string, tests: () => void): void {
  if ('file' in openapi) {
    describe(name, tests);
    return;
  }
  const { missing } = openapi;
  if (mode === 'skip') {
    describe.skip(`${name} (${missing})`, tests);
    return;
  }
  test(`${name}: the Kibana contract is there, as REQUIRE_KIBANA_CONTRACT=1 demands`, () => {
    throw new Error(missing);
  });
}

/**
 * Gives each test of the file a Kibana of its own; a request that breaks the contract fails the test that sent it.
 * @returns the one of the test that runs
 */
export function kibanaOfEachTest(): () => KibanaServer {
  let server: KibanaServer | undefined;
  beforeEach(async () => {
    if (mode === 'run') server = await startKibana();
  });
  afterEach(async () => {
    await server?.close();
    expect(server?.violations ?? []).toEqual([]);
    server = undefined;
  });
  return () => {
    if (server === undefined) throw new Error('Kibana runs only within a test');
    return server;
  };
}
