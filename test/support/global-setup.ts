import { type Engine, startAttached } from '../../src/engine/start-node';
import { testCluster } from './cluster';
import { deployShared } from './deploy-shared';

/** What global-teardown.ts finds again: jest runs both in one process, and gives them nothing else in common. */
export interface Suite {
  engine?: Engine | undefined;
}

/**
 * Starts the embedded engine once for all tests. It hangs on this process, so it ends with it, however it ends. With
 * TEST_ES_URL set, the tests use that cluster instead.
 */
async function setUp(): Promise<void> {
  if (process.env['TEST_ES_URL'] === undefined) {
    const engine = await startAttached({ say: (message) => process.stderr.write(`${message}\n`) });
    process.env['TEST_ES_URL'] = engine.url;
    (globalThis as Suite).engine = engine;
  }
  await deployShared(await testCluster());
}

// jest takes the default export, or module.exports.
module.exports = setUp;
