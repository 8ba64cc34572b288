import { contractMode, findKibanaOpenapi } from './kibana-openapi';
import { startKibana, type KibanaServer } from './kibana-server';

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
