import { localDeployment } from './deployment';
import { type Engine, startAttached } from '../../src/engine/start-node';
import { readContent } from '../../src/content/read-content';
import { ProblemError } from '../../src/errors';
import { PROGRAM_FOLDER } from '../../src/program';
import { testCluster } from './cluster';

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
  await deployShared();
}

/** Pipelines and templates are shared by all namespaces, and so by all tests: only here are they put. */
async function deployShared(): Promise<void> {
  const deployment = localDeployment({ cluster: await testCluster(), namespace: 'default' });
  const content = { resources: readContent(PROGRAM_FOLDER), rules: [] };
  const { problems } = await deployment.apply(await deployment.plan(content, { prune: false }));
  if (problems.length > 0) throw new ProblemError('PARTIAL', problems);
}

// jest takes the default export, or module.exports.
module.exports = setUp;
