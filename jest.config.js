const { readFileSync } = require('node:fs');

/** @type {{ onBothEngines: Record<string, Record<string, string>> }} */
const { onBothEngines } = JSON.parse(readFileSync(`${__dirname}/test/elasticsearch/engine-files.json`, 'utf8'));

const node = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

/**
 * A real Elasticsearch, for those who ask for it. Its tests lie in test/elasticsearch, and some files of test/engine and test/fuzz run on
 * it a second time, but for tests that the same table names. Others get one test that is skipped and says how to ask.
 */
const elasticsearch =
  process.env['TEST_ELASTICSEARCH'] === '1'
    ? {
        testMatch: [
          '<rootDir>/test/elasticsearch/**/*.test.ts',
          ...Object.keys(onBothEngines).map((file) => `<rootDir>/test/${file}.test.ts`),
        ],
        globalSetup: '<rootDir>/test/support/elasticsearch-set-up.ts',
        globalTeardown: '<rootDir>/test/support/elasticsearch-tear-down.ts',
        setupFiles: ['<rootDir>/test/support/elasticsearch-file.ts'],
        testEnvironment: '<rootDir>/test/support/elasticsearch-environment.ts',
      }
    : { testMatch: ['<rootDir>/test/elasticsearch/asked.test.ts'] };

/**
 * One project per folder of tests. jest runs a set-up file once, however many projects name it, and only when one of them
 * has tests to run: `engine`, `contract`, `cli` and `fuzz` share one embedded engine, `elasticsearch` has a node of its own, `unit` and `page`
 * start none.
 *
 * @param {string} name also the folder below test/
 * @param {import('jest').Config} options
 * @returns {import('jest').Config}
 */
function project(name, options = {}) {
  const { setupFiles = [], ...others } = options;
  return {
    displayName: name,
    testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
    // Transpiles only (tsconfig.json has isolatedModules): `npm run lint` checks the types.
    transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json' }] },
    setupFiles: ['<rootDir>/test/support/seed.ts', ...setupFiles],
    ...others,
  };
}

/** @type {import('jest').Config} */
module.exports = {
  maxWorkers: 2,
  testTimeout: 60_000,
  testSequencer: '<rootDir>/jest.sequencer.mjs',
  projects: [
    project('unit', { setupFiles: ['<rootDir>/test/support/unit-setup.ts'] }),
    project('engine', node),
    project('contract', node),
    project('cli', node),
    project('page'),
    project('fuzz', node),
    project('elasticsearch', elasticsearch),
  ],
};
