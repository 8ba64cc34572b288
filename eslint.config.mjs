import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/*
 * The layers of src/ and the imports between them are checked by dependency-cruiser (.dependency-cruiser.mjs).
 */

const NO_DEFAULT_EXPORT = { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' };

/** The names of the schedulers, as an esquery pattern. */
const SCHEDULER_NAME = '/^(kibana|opensearch-alerting|watcher|local)$/';

/**
 * What differs between schedulers is behind the interface in src/schedulers/scheduler.ts (docs/design.md, "Schedulers"): no
 * other code chooses by the name of one.
 */
const NO_CHOICE_BY_SCHEDULER = [
  `BinaryExpression[operator=/^[!=]==?$/] > Literal[value=${SCHEDULER_NAME}]`,
  `SwitchCase > Literal.test[value=${SCHEDULER_NAME}]`,
  `CallExpression[callee.property.name=/^(includes|indexOf|has)$/] > Literal[value=${SCHEDULER_NAME}]`,
  `CallExpression[callee.property.name=/^(includes|indexOf|has)$/][callee.object.type='ArrayExpression'] Literal[value=${SCHEDULER_NAME}]`,
  // A table with a key per scheduler; the settings have a block `kibana`, so that name alone is no such table.
  `ObjectExpression > Property[key.value='opensearch-alerting']`,
  `ObjectExpression > Property[key.name='watcher']`,
  `TSTypeReference[typeName.name='Record'] > TSTypeParameterInstantiation > TSTypeReference:first-child[typeName.name=/^Scheduler(Name)?$/]`,
].map((selector) => ({
  selector,
  message: 'Only src/schedulers and src/settings choose by the name of a scheduler: add a member to the interface.',
}));

/**
 * The client has a typed method for every API of Elasticsearch; only OpenSearch's plugins are asked by path (docs/design.md,
 * "Cluster client").
 */
const BY_PATH = [
  'CallExpression[callee.property.name="request"][callee.object.name="transport"]',
  'CallExpression[callee.property.name="request"][callee.object.property.name="transport"]',
];
// A regular expression of a selector holds no slash.
const PLUGIN_PATH = 'Literal[value=/^._plugins./], TemplateLiteral[quasis.0.value.raw=/^._plugins./]';
const NO_REQUEST_BY_PATH = BY_PATH.flatMap((call) => [
  `${call}[arguments.0.type!="ObjectExpression"]`,
  `${call} > ObjectExpression > Property[key.name="path"] > :not(${PLUGIN_PATH}).value`,
]).map((selector) => ({
  selector,
  message: 'Use a typed method of the client; transport.request is for literal paths below /_plugins/.',
}));

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs', '*.js', '.dependency-cruiser.mjs', 'scripts/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, ...NO_REQUEST_BY_PATH],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/schedulers/**', 'src/settings/**'],
    rules: { 'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, ...NO_REQUEST_BY_PATH, ...NO_CHOICE_BY_SCHEDULER] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        ...['exit', 'stdout', 'stderr', 'argv', 'exitCode'].map((property) => ({
          object: 'process',
          property,
          message: 'Only src/cli.ts touches the process and the console.',
        })),
      ],
    },
  },
  {
    // The one place that loads modules when they are called for. `import()` would do, but jest cannot run it.
    files: ['src/commands/index.ts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\./[a-z-]+$'] }] },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', module: 'readonly' } },
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { require: 'readonly', __dirname: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
