import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readContent } from '../../../src/content/read-content';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mapped-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const PIPELINE = 'processors:\n  - script:\n      params:\n        mapped: !mapped a@mappings\n      source: return;\n';

/** Reads a pipeline and a component template: the pipeline's body, or the message. */
function read(template: string): unknown {
  const files = { 'pipelines/a.yml': PIPELINE, 'mappings/component-templates/a@mappings.yml': template };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  try {
    return readContent(root).find(({ id }) => id === 'a')?.body;
  } catch (error) {
    return String(error).replaceAll(root, '~');
  }
}

test('mapped fields: the fields of a component template, with a letter for each type, stand in place of its id', () => {
  const properties = [
    ['message', '{ type: match_only_text }'],
    ['"@timestamp"', '{ type: date }'],
    ['event', '{ properties: { kind: { type: keyword }, severity: { type: long } } }'],
    ['winlog', '{ properties: { event_data: { type: flattened } } }'],
  ];
  const lines = properties.map(([name, field]) => `      ${String(name)}: ${String(field)}\n`).join('');
  const mapped = { message: 'k', '@timestamp': 'd', event: { kind: 'k', severity: 'n' }, winlog: { event_data: 'o' } };
  expect(read(`template:\n  mappings:\n    properties:\n${lines}`)).toEqual({
    processors: [{ script: { params: { mapped }, source: 'return;' } }],
  });
});

test('mapped fields: a template without a mapping has none', () => {
  expect(read('template: {}\n')).toEqual({
    processors: [{ script: { params: { mapped: {} }, source: 'return;' } }],
  });
});

test('mapped fields: a template that is not there is an error with its place', () => {
  mkdirSync(join(root, 'mappings/component-templates'), { recursive: true });
  writeFileSync(join(root, 'mappings/component-templates/b.yml'), 'template: {}\n');
  mkdirSync(join(root, 'pipelines'));
  writeFileSync(join(root, 'pipelines/a.yml'), PIPELINE);
  expect(() => readContent(root)).toThrow(
    `${join(root, 'pipelines/a.yml')}:4:9: there is no component template "a@mappings"\n  Known: b.`,
  );
});

test('mapped fields: a template that cannot be read is one error, its own', () => {
  expect(String(read('template: {\n')).match(/a@mappings/g)).toHaveLength(1);
});
