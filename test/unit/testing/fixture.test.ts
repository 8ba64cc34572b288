import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readFixtures } from '../../../src/testing/fixture';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fixture-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function failure(): string {
  try {
    readFixtures(folder);
  } catch (error) {
    return String(error)
      .replaceAll(folder, '~')
      .replaceAll(/(?<=not valid JSON: ).*/g, '…');
  }
  return 'no error';
}

test('pipeline fixture: a .json file holds documents, to which the common and the own config add fields', () => {
  write({
    'a/test-one.json': '{"events": [{"x": 1}, {"x": 2}]}',
    'a/test-common-config.yml': 'fields: {tags: [common], keep: 1}\n',
    'a/test-one.json-config.yml': 'fields: {tags: [own]}\n',
    'a/test-one.json-expected.json': '{"expected": [{"y": 1}, null]}',
    'a/README.md': 'no fixture',
  });
  expect(readFixtures(folder)).toMatchObject([
    {
      pipeline: 'a',
      file: join(folder, 'a/test-one.json'),
      events: [
        { x: 1, tags: ['own'], keep: 1 },
        { x: 2, tags: ['own'], keep: 1 },
      ],
      expected: [{ y: 1 }, null],
    },
  ]);
});

test('pipeline fixture: each line of a .log file is a message', () => {
  write({ 'a/test-one.log': '<a/>\r\n<b/>\n' });
  expect(readFixtures(folder)).toMatchObject([
    { events: [{ message: '<a/>' }, { message: '<b/>' }], expected: undefined },
  ]);
});

test('pipeline fixture: with a first line pattern, lines that do not match it belong to the event before', () => {
  write({
    'a/test-one.log': 'ONE\n x\n y\ntwo\n z\n',
    'a/test-one.log-config.yml': "multiline:\n  first_line_pattern: '(?i)^[a-z]'\n",
  });
  expect(readFixtures(folder)).toMatchObject([{ events: [{ message: 'ONE\n x\n y' }, { message: 'two\n z' }] }]);
});

test("pipeline fixture: elastic-package's other keys are accepted", () => {
  write({
    'a/test-one.json': '{"events": []}',
    'a/test-common-config.yml': `dynamic_fields: {"event.ingested": ".*"}
numeric_keyword_fields: [a]
string_number_fields: [b]
skip: {reason: not yet, link: "https://example.com/1"}
`,
  });
  expect(readFixtures(folder)).toMatchObject([{ config: { skip: 'not yet (https://example.com/1)' } }]);
});

test('pipeline fixture: all problems are reported at once', () => {
  write({
    'a/test-one.json': '{"events": [{]}',
    'a/test-two.json': '{"event": []}',
    'a/test-three.json': '{"events": [1]}',
    'a/test-four.json': '{"events": []}',
    'a/test-four.json-expected.json': '[]',
    'b/test-common-config.yml': 'dynamic_field: {}\nmultiline: {first_line_pattern: "("}\nfields: 5\n',
  });
  expect(failure()).toMatchInlineSnapshot(`
   "ProblemError: ~/a/test-four.json-expected.json: is not of the form {"expected": [ … ]}
   ~/a/test-one.json: not valid JSON: …
   ~/a/test-three.json: event 1 is not a JSON object
   ~/a/test-two.json: is not of the form {"events": [ … ]}
   ~/b/test-common-config.yml:1:1: "dynamic_field" is not known in a config file
     Known: multiline, fields, dynamic_fields, numeric_keyword_fields, string_number_fields, skip.
   ~/b/test-common-config.yml:3:1: fields is a map
   ~/b/test-common-config.yml:2:13: not a regular expression: Invalid regular expression: /(/u: Unterminated group"
  `);
});

test('pipeline fixture: a folder without fixtures is an error, not a success', () => {
  write({ 'a/README.md': 'x' });
  expect(failure()).toMatchInlineSnapshot(`
   "ProblemError: ~: holds no fixtures
     Write events into test/pipelines/<pipeline id>/test-<case>.json, as {"events": [{…}]}."
  `);
});
