/**
 * The layers of src/, from the ground up: a file imports from its own layer's folder and from the layers before it, never
 * from a layer after it. The folders of one line are peers: they do not import each other (docs/design.md, "Layers").
 */
export const LAYERS = [
  ['errors', 'text', 'json', 'lists', 'program'],
  ['content'],
  ['sigma'],
  ['sigma/compile'],
  ['detections'],
  ['settings'],
  ['cluster'],
  ['notify'],
  ['resources'],
  ['visibility'],
  ['schedulers'],
  ['plan'],
  ['alerts', 'replay', 'status', 'doctor', 'engine'],
  ['testing'],
  ['report'],
  ['commands'],
  ['cli'],
];

/** The folders of the four schedulers: each is known to src/schedulers/index.ts alone, but for ENTRIES. */
const SCHEDULERS = ['local', 'kibana', 'opensearch-alerting', 'watcher'];

/** Matches the files of a folder, or the file of that name; those of a folder in it that is a layer of its own are not its. */
function filesOf(folder) {
  const nested = LAYERS.flat().filter((other) => other.startsWith(`${folder}/`));
  const but = nested.map((other) => `(?!${other.slice(folder.length + 1)}/)`).join('');
  return `^src/${folder}(\\.ts$|/${but})`;
}

/** errors, text, json, lists and program are the ground: the files there may use one another. */
const GROUND = 0;

const layerRules = LAYERS.flatMap((layer, level) => {
  const above = LAYERS.slice(level + 1).flat();
  return layer.flatMap((folder) => {
    const peers = level === GROUND ? [] : layer.filter((other) => other !== folder);
    const forbidden = [...above, ...peers];
    if (forbidden.length === 0) return [];
    return [
      {
        name: `layers:${folder}`,
        comment: `src/${folder} may import from lower layers only (docs/design.md, "Layers").`,
        severity: 'error',
        from: { path: filesOf(folder) },
        to: { path: forbidden.map(filesOf) },
      },
    ];
  });
});

/** The command `run` executes the rules of the local scheduler: what it needs for that, it imports from there. */
const ENTRIES = { local: ['^src/schedulers/local/run-(rules|loop)\\.ts$'] };

const schedulerRules = SCHEDULERS.map((scheduler) => ({
  name: `scheduler:${scheduler}`,
  comment: `Only src/schedulers/index.ts imports src/schedulers/${scheduler} (docs/design.md, "Schedulers").`,
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/schedulers/${scheduler}/`, '^src/schedulers/index\\.ts$'] },
  to: { path: `^src/schedulers/${scheduler}/`, pathNot: ENTRIES[scheduler] ?? [] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'known-folder',
      comment: 'Every folder of src/ has its place in the table of layers in .dependency-cruiser.mjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: LAYERS.flat().map(filesOf) },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'Files that import each other are one idea, or hide a third one that both need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-tests-in-src',
      comment: 'The program does not use what serves to test or measure it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|page)/' },
    },
    ...layerRules,
    ...schedulerRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node:|dist/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.json'] },
  },
};
