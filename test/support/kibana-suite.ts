import { contractMissing } from './kibana-contract';
import { startKibana, type KibanaServer } from './kibana-server';

/** Without Kibana's own description of its API there is nothing to hold requests against: those tests skip, and say why. */
export const describeContract = contractMissing === undefined ? describe : describe.skip;

/**
 * Gives each test of the file a Kibana of its own; a request that breaks the contract fails the test that sent it.
 * @returns the one of the test that runs
 */
export function kibanaOfEachTest(): () => KibanaServer {
  let server: KibanaServer | undefined;
  beforeEach(async () => {
    if (contractMissing === undefined) server = await startKibana();
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
