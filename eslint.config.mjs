import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The rooms of src/, from the ground up. A file may import from its own room and from the rooms before it, never from one
 * after it: imports go one way (design, section 1).
 */
const ROOMS = [
  'errors',
  'text',
  'json',
  'program',
  'content',
  'rules',
  'settings',
  'target',
  'resources',
  'plan',
  'events',
  'schedule',
  'status',
  'access',
  'engine',
  'report',
  'commands',
  'cli',
];

const oneDirection = ROOMS.map((room, level) => ({
  files: [`src/${room}.ts`, `src/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: ROOMS.slice(level + 1).map((above) => ({
          regex: `^(\\.\\./)+${above}(/|\\.|$)|^\\./${above}(/|\\.|$)`,
          message: `src/${room} stands below src/${above}: imports go one way (eslint.config.mjs).`,
        })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs', '*.js', 'scripts/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
    },
  },
  ...oneDirection,
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
    files: ['**/*.mjs', '**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', module: 'readonly' } },
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-restricted-syntax': 'off' },
  },
);
