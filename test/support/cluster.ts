import { connect, type Cluster } from '../../src/cluster/cluster';

let connected: Promise<Cluster> | undefined;

/**
 * The real node that all tests share: the embedded engine that global-setup.ts started, or what TEST_ES_URL names. Tests
 * run beside each other on it, so each has a namespace or index names of its own.
 */
export function testCluster(): Promise<Cluster> {
  connected ??= connectToSuite();
  return connected;
}

async function connectToSuite(): Promise<Cluster> {
  const url = process.env['TEST_ES_URL'];
  if (url === undefined) {
    throw new Error(
      'TEST_ES_URL is not set: a test that needs a node is not a unit test and lies in another folder of test/',
    );
  }
  return await connect({ url });
}
