/*
 * Draws which folder of src/ imports which into docs/design.md, between two markers. With --check it writes nothing and exits
 * with 1 when the picture there is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import config, { LAYERS } from '../.dependency-cruiser.mjs';

const PAGE = 'docs/design.md';
const MARKED = /(<!-- diagram: .*-->\n)[^]*?(<!-- \/diagram -->)/;

process.chdir(new URL('..', import.meta.url).pathname);
const [, ...above] = LAYERS;
const [GROUND] = LAYERS;

/** The node of a file: its folder below src/, or its name without the ending; the ground, which all use, has none. */
function nodeOf(file) {
  const folder = dirname(file).slice('src/'.length);
  const node = folder === '' ? file.slice('src/'.length).replace(/\.ts$/, '') : folder;
  return GROUND.includes(node) ? undefined : node;
}

/** The layer of a node, from 0; a folder without a line of its own is in the layer of the folder that it is in. */
function levelOf(node) {
  const level = above.findIndex((layer) => layer.includes(node));
  return level >= 0 || node === '.' ? level : levelOf(dirname(node));
}

/** Node → the nodes that it imports, of every file below src/. */
async function readArrows() {
  const { exclude, tsPreCompilationDeps, enhancedResolveOptions } = config.options;
  const options = { includeOnly: '^src/', exclude, tsPreCompilationDeps, enhancedResolveOptions };
  const { output } = await cruise(['src'], options, undefined, {
    tsConfig: extractTSConfig(config.options.tsConfig.fileName),
  });
  const arrows = new Map();
  for (const { source, dependencies } of output.modules) {
    const from = nodeOf(source);
    if (from === undefined) continue;
    const to = dependencies
      .map(({ resolved }) => nodeOf(resolved))
      .filter((node) => node !== undefined && node !== from);
    arrows.set(from, new Set([...(arrows.get(from) ?? []), ...to]));
  }
  return arrows;
}

/** Whether an arrow adds nothing to a way through the layers between: those make a picture of this size a tangle. */
function follows(arrows, from, to) {
  const down = (node) => [...(arrows.get(node) ?? [])].filter((next) => levelOf(next) < levelOf(node));
  const reaches = (node) => node === to || down(node).some(reaches);
  return levelOf(to) < levelOf(from) && down(from).some((next) => next !== to && reaches(next));
}

function mermaid(arrows) {
  const nodes = [...arrows.keys()].sort((a, b) => levelOf(b) - levelOf(a) || (a < b ? -1 : 1));
  const id = (node) => node.replaceAll(/\W/g, '_');
  const lines = nodes.flatMap((from) =>
    [...arrows.get(from)]
      .sort((a, b) => nodes.indexOf(a) - nodes.indexOf(b))
      .filter((to) => !follows(arrows, from, to))
      .flatMap((to) => {
        const both = arrows.get(to)?.has(from) === true;
        if (both && nodes.indexOf(to) < nodes.indexOf(from)) return [];
        return [`  ${id(from)} ${both ? '<-->' : '-->'} ${id(to)}`];
      }),
  );
  return ['```mermaid', 'flowchart TD', ...nodes.map((node) => `  ${id(node)}["${node}"]`), ...lines, '```'].join('\n');
}

const page = readFileSync(PAGE, 'utf8');
const drawing = mermaid(await readArrows());
const drawn = page.replace(MARKED, (_, begin, end) => `${begin}\n${drawing}\n\n${end}`);
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, drawn);
} else if (drawn !== page || !MARKED.test(page)) {
  console.error(`The picture of the folders in ${PAGE} is stale: run \`npm run diagram\`.`);
  process.exitCode = 1;
}
