import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readContent } from '../../../src/content/read-content';
import { overlap } from '../../../src/content/references';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'content-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Writes files, path → text, and reads the content: what came out, or the message. */
function read(files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  try {
    return readContent(root)
      .map(({ kind, id }) => `${kind} ${id}`)
      .join('\n');
  } catch (error) {
    return String(error).replaceAll(root, '~');
  }
}

const EMPTY_PIPELINE = 'processors: []\n';
const EMPTY_COMPONENT = 'template: {}\n';
const indexTemplate = (more = '', patterns = '[logs-a-*]') => `index_patterns: ${patterns}\npriority: 250\n${more}`;

test('content: is read in every kind; the name of the file is the id', () => {
  expect(
    read({
      'pipelines/a@default-pipeline.yml': EMPTY_PIPELINE,
      'mappings/component-templates/a@mappings.yml': EMPTY_COMPONENT,
      'mappings/index-templates/a@template.yml': indexTemplate(
        'composed_of: [a@mappings]\ntemplate: {settings: {index.default_pipeline: a@default-pipeline}}\n',
      ),
    }),
  ).toMatchInlineSnapshot(`
   "ingest_pipeline a@default-pipeline
   component_template a@mappings
   index_template a@template"
  `);
});

test('content: keeps its body and its place', () => {
  read({ 'pipelines/a.yml': '# why\ndescription: x\nprocessors: []\n' });
  expect(readContent(root)).toEqual([
    {
      kind: 'ingest_pipeline',
      id: 'a',
      body: { description: 'x', processors: [] },
      place: { file: join(root, 'pipelines/a.yml'), line: 2, column: 1 },
    },
  ]);
});

test('content: a folder without content is an error, not an empty plan', () => {
  expect(read({ 'README.md': 'x' })).toMatchInlineSnapshot(`
   "ProblemError: ~: holds no pipelines and no templates
     It has neither pipelines/ nor mappings/component-templates/ nor mappings/index-templates/."
  `);
});

test('content: problems of all files come at once, each with its place', () => {
  expect(
    read({
      'pipelines/a.yml': 'processors:\n  - set: {field: a\n',
      'pipelines/b.yml': '- not a map\n',
      'pipelines/C d.yml': EMPTY_PIPELINE,
      'pipelines/e.yaml': EMPTY_PIPELINE,
      'mappings/component-templates/f.yml': 'template: 5\n',
    }),
  ).toMatchInlineSnapshot(`
   "ProblemError: ~/mappings/component-templates/f.yml:1:1: template is a map of settings and mappings
   ~/pipelines/C d.yml: "C d" cannot be an id
     The name of the file is the id: small letters, digits and _ . @ - only.
   ~/pipelines/a.yml:3:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }
   ~/pipelines/b.yml:1:1: a file of this folder is a map, the body of one ingest pipeline
   ~/pipelines/e.yaml: is not read: this folder holds one .yml file per ingest pipeline
     Rename it, or move it elsewhere."
  `);
});

test('content: a file that cannot be read is reported once, not again by all who name it', () => {
  expect(
    read({
      'pipelines/a.yml': 'processors: [\n',
      'pipelines/b.yml': 'processors:\n  - pipeline: {name: a}\n',
      'mappings/component-templates/a@mappings.yml': '5\n',
      'mappings/index-templates/c.yml': indexTemplate('composed_of: [a@mappings]\n'),
    }),
  ).toMatchInlineSnapshot(`
   "ProblemError: ~/mappings/component-templates/a@mappings.yml:1:1: a file of this folder is a map, the body of one component template
   ~/pipelines/a.yml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"
  `);
});

describe('content: a pipeline', () => {
  test('with processors and options that both products have is accepted', () => {
    const text = `description: all is well
processors:
  - set: {field: a, value: b, if: ctx.a == null, tag: t}
  - foreach: {field: a, processor: {trim: {field: _ingest._value}}}
  - script: {source: ctx.a = 1, on_failure: [{append: {field: tags, value: x}}]}
  - drop:
on_failure:
  - set: {field: event.kind, value: pipeline_error}
`;
    expect(read({ 'pipelines/a.yml': text })).toBe('ingest_pipeline a');
  });

  test('with what only one product has is refused, wherever it stands', () => {
    const text = `_meta: {a: 1}
processors:
  - set: {field: a, copy_from: b}
  - geoip: {field: a}
  - foreach: {field: a, processor: {trimm: {field: _ingest._value}}}
  - script: {source: x, on_failure: [{append: {field: tags, valeu: x}}]}
on_failure:
  - copy: {source_field: a, target_field: b}
`;
    expect(read({ 'pipelines/a.yml': text })).toMatchInlineSnapshot(`
     "ProblemError: ~/pipelines/a.yml:1:1: "_meta" does not belong in a pipeline
       OpenSearch refuses it in pipelines; deploy writes the ownership mark itself.
     ~/pipelines/a.yml:3:21: "copy_from" is no option of set that both products have
       OpenSearch has no copy_from: copy in a script, or \`value: "{{{field}}}"\` for text.
     ~/pipelines/a.yml:4:5: processor "geoip" is not one that both Elasticsearch and OpenSearch have
       OpenSearch has no geoip processor (ip2geo is a plugin of its own).
     ~/pipelines/a.yml:5:37: processor "trimm" is not one that both Elasticsearch and OpenSearch have
       Known to both products: append, bytes, convert, csv, date, date_index_name, dissect, dot_expander, drop, fail, foreach, grok, gsub, html_strip, join, json, kv, lowercase, pipeline, remove, rename, script, set, sort, split, trim, uppercase, urldecode, user_agent.
     ~/pipelines/a.yml:6:61: "valeu" is no option of append that both products have
       Known to both products: field, value, allow_duplicates, tag, description, if, ignore_failure, on_failure.
     ~/pipelines/a.yml:8:5: processor "copy" is not one that both Elasticsearch and OpenSearch have
       Elasticsearch has no copy processor: copy in a script."
    `);
  });

  test('of the wrong form is refused', () => {
    expect(
      read({
        'pipelines/a.yml':
          'description: 5\nprocessors: {set: {field: a}}\non_failure: [{set: 5}, {set: {}, drop: {}}, x]\n',
        'pipelines/b.yml': 'description: no processors\n',
      }),
    ).toMatchInlineSnapshot(`
     "ProblemError: ~/pipelines/a.yml:1:1: description is a text
     ~/pipelines/a.yml:2:1: processors is a list of processors
     ~/pipelines/a.yml:3:15: the options of set are a map
     ~/pipelines/a.yml:3:24: a processor is a map of one key, its type
       Write \`- set: {field: …}\`, with the options indented below the type.
     ~/pipelines/a.yml:3:45: a processor is a map of one key, its type
       Write \`- set: {field: …}\`, with the options indented below the type.
     ~/pipelines/b.yml:1:1: a pipeline needs a list of processors
       An empty one is \`processors: []\`."
    `);
  });
});

describe('content: a called pipeline', () => {
  test('exists, or is the user’s own and may be missing', () => {
    const call =
      'processors:\n  - pipeline: {name: b}\n  - pipeline: {name: a@custom, ignore_missing_pipeline: true}\n';
    expect(read({ 'pipelines/a.yml': call, 'pipelines/b.yml': EMPTY_PIPELINE })).toBe(
      'ingest_pipeline a\ningest_pipeline b',
    );
  });

  test('that does not exist, or that may not exist without saying so, is refused', () => {
    const call = 'processors:\n  - pipeline: {name: c}\n  - pipeline: {name: a@custom}\n  - pipeline: {}\n';
    expect(read({ 'pipelines/a.yml': call, 'pipelines/b.yml': EMPTY_PIPELINE })).toMatchInlineSnapshot(`
     "ProblemError: ~/pipelines/a.yml:2:16: there is no pipeline "c"
       Known: a, b.
     ~/pipelines/a.yml:3:16: "a@custom" is the user's own and may not exist
       Add \`ignore_missing_pipeline: true\`; where there is none, every event would fail.
     ~/pipelines/a.yml:4:5: a pipeline processor needs the name of a pipeline"
    `);
  });

  test('does not call its caller', () => {
    expect(
      read({
        'pipelines/a.yml': 'processors:\n  - pipeline: {name: b}\n',
        'pipelines/b.yml': 'processors: []\non_failure:\n  - pipeline: {name: a}\n',
      }),
    ).toMatchInlineSnapshot(`
     "ProblemError: ~/pipelines/a.yml:2:16: "a" calls itself through "b"
       The engine fails every event of a circle of pipelines.
     ~/pipelines/b.yml:3:16: "b" calls itself through "a"
       The engine fails every event of a circle of pipelines."
    `);
  });
});

describe('content: an index template', () => {
  test('whose components may be missing is accepted', () => {
    const more = 'composed_of: [a@custom]\nignore_missing_component_templates: [a@custom]\n';
    expect(read({ 'mappings/index-templates/a.yml': indexTemplate(more) })).toBe('index_template a');
  });

  test('that names what is not there is refused', () => {
    const more = `composed_of: [b@mappings]
template:
  settings:
    index.default_pipeline: b
    index: {final_pipeline: c}
`;
    expect(read({ 'mappings/index-templates/a.yml': indexTemplate(more) })).toMatchInlineSnapshot(`
     "ProblemError: ~/mappings/index-templates/a.yml:3:15: there is no component template "b@mappings"
       Known: .
     ~/mappings/index-templates/a.yml:6:5: there is no pipeline "b"
       Every event would be refused. Known: .
     ~/mappings/index-templates/a.yml:7:13: there is no pipeline "c"
       Every event would be refused. Known: ."
    `);
  });

  test('that would lose against Elastic’s own is refused', () => {
    expect(
      read({
        'mappings/index-templates/a.yml': 'index_patterns: []\npriority: 200\n_meta: {}\ntemplate: {mapping: {}}\n',
      }),
    ).toMatchInlineSnapshot(`
     "ProblemError: ~/mappings/index-templates/a.yml:1:1: index_patterns is a list of at least one pattern
     ~/mappings/index-templates/a.yml:2:1: an index template needs a priority of at least 201
       Elastic's built-in templates for logs-* have 100 and Fleet's 200: below 201 theirs win.
     ~/mappings/index-templates/a.yml:3:1: "_meta" does not belong here
       deploy writes the ownership mark itself.
     ~/mappings/index-templates/a.yml:4:12: "mapping" does not belong here
       Known: settings, mappings, aliases."
    `);
  });

  test('may not claim the indices of another', () => {
    expect(
      read({
        'mappings/index-templates/a.yml': indexTemplate('', '[logs-a-*]'),
        'mappings/index-templates/b.yml': indexTemplate('', '[metrics-*, logs-*-default]'),
      }),
    ).toMatchInlineSnapshot(`
     "ProblemError: ~/mappings/index-templates/b.yml:1:29: "logs-*-default" meets "logs-a-*" of a at the same priority
       Make one pattern narrower, or give one template a higher priority."
    `);
  });

  test('may stand beside another whose indices it does not meet', () => {
    expect(
      read({
        'mappings/index-templates/a.yml': indexTemplate('', '[logs-a-*]'),
        'mappings/index-templates/b.yml': indexTemplate('', '[logs-b-*]'),
      }),
    ).toBe('index_template a\nindex_template b');
  });
});

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['a*', '*b', true],
  ['a*c', 'ab*', true],
  ['logs-a-*', 'logs-*', true],
  ['logs-a-*', 'logs-b-*', false],
  ['*', '', true],
  ['a*', '', false],
])('content: patterns %j and %j overlap: %j', (left, right, expected) => {
  expect(overlap(left, right)).toBe(expected);
  expect(overlap(right, left)).toBe(expected);
});
