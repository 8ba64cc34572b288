const node = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

/**
 * One project per folder of tests. jest runs a set-up file once, however many projects name it, and only when one of them
 * has tests to run: `engine`, `contract`, `cli` and `fuzz` share one embedded engine, `unit` and `page` start none.
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
  ],
};
