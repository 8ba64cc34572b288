import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContent } from '../../../src/content/read-content';
import type { Resource } from '../../../src/content/resource';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'painless-'));
  mkdirSync(join(root, 'pipelines/painless'), { recursive: true });
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const PIPELINE = 'processors:\n  - script:\n      source: !painless main.painless\n';

/** Writes a pipeline and scripts, and reads them. */
function read(scripts: Record<string, string>, pipeline = PIPELINE): Resource {
  writeFileSync(join(root, 'pipelines/a.yml'), pipeline);
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(root, 'pipelines/painless', name), text);
  const [resource] = readContent(root);
  if (resource === undefined) throw new Error('no pipeline was read');
  return resource;
}

function problems(scripts: Record<string, string>, pipeline?: string): string {
  try {
    read(scripts, pipeline);
    return 'none';
  } catch (error) {
    return String(error).replaceAll(root, '~');
  }
}

test('scripts of pipelines: stand in place of their names, helpers in front and each once', () => {
  const scripts = {
    'main.painless': '// needs: time.painless, text.painless\nmain();\n',
    'time.painless': '// needs: text.painless\nint time() { return 1; }\n',
    'text.painless': 'int text() { return 1; }',
  };
  expect(read(scripts).body).toEqual({
    processors: [
      {
        script: {
          source: 'int text() { return 1; }\nint time() { return 1; }\nmain();\n',
        },
      },
    ],
  });
});

test('scripts of pipelines: are sent without comments and indentation', () => {
  const main = "// Why.\n\nif (a) {\n  // Because.\n  b = 'http://c';\n}\n";
  expect(read({ 'main.painless': main }).body).toEqual({
    processors: [{ script: { source: "if (a) {\nb = 'http://c';\n}\n" } }],
  });
});

test('scripts of pipelines: know the file and line of each character that is sent', () => {
  const { scripts } = read({
    'main.painless': '// needs: text.painless\n\n  // why\n  main();\n',
    'text.painless': 'text();\n',
  });
  const [script] = scripts ?? [];
  const placeOf = (text: string) => script?.placeOf(script.text.indexOf(text));
  const folder = join(root, 'pipelines/painless');
  expect(placeOf('main()')).toEqual({ file: join(folder, 'main.painless'), line: 4, column: 3 });
  expect(placeOf('text()')).toEqual({ file: join(folder, 'text.painless'), line: 1, column: 1 });
});

test('scripts of pipelines: a script of the most bytes that engines take is read', () => {
  expect(problems({ 'main.painless': `// why\n  ${'é'.repeat(32_767)}` })).toBe('none');
});

test('scripts of pipelines: a script of more bytes than engines take is an error with its place', () => {
  expect(problems({ 'main.painless': 'é'.repeat(32_768) })).toBe(
    'ProblemError: ~/pipelines/a.yml:3:7: the script "main.painless" has 65,537 bytes with its helpers, and engines take 65,535\n' +
      '  Split it into two processors.',
  );
});

test('scripts of pipelines: a script that is not there is an error with its place', () => {
  expect(problems({ 'other.painless': '' }, PIPELINE)).toBe(
    'ProblemError: ~/pipelines/a.yml:3:7: there is no script "main.painless"\n' + '  Known: other.painless.',
  );
});

test('scripts of pipelines: a helper that is not there is an error with its place', () => {
  expect(problems({ 'main.painless': '// why\n// needs: a.painless\n' })).toBe(
    'ProblemError: ~/pipelines/painless/main.painless:2:11: there is no script "a.painless"\n  Known: main.painless.',
  );
});

test('scripts of pipelines: helpers that need each other are an error', () => {
  const scripts = { 'main.painless': '// needs: a.painless\n', 'a.painless': '// needs: main.painless\n' };
  expect(problems(scripts)).toContain('a.painless:1:11: "main.painless" needs this script, which needs it again');
});

test('scripts of pipelines: another tag is an error with its place', () => {
  expect(problems({ 'main.painless': '' }, PIPELINE.replace('!painless', '!painles'))).toContain(
    '~/pipelines/a.yml:3:15: not understood: Unresolved tag: !painles',
  );
});

test('scripts of pipelines: a file of another kind beside them is an error', () => {
  expect(problems({ 'main.painless': '', 'main.java': '' })).toBe(
    'ProblemError: ~/pipelines/painless/main.java: is not read: this folder holds .painless files',
  );
});
