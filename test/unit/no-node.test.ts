import { testCluster } from '../support/cluster';

describe('the unit project', () => {
  test('does not see the node of the other projects', () => {
    expect(process.env['TEST_ES_URL']).toBeUndefined();
  });

  test('refuses a test that asks for a node', async () => {
    await expect(testCluster()).rejects.toThrow(/TEST_ES_URL is not set: a test that needs a node is not a unit test/);
  });
});
