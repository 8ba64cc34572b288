import { join } from 'node:path';
import { simulate } from '../../src/commands/simulate';
import { readContent } from '../../src/content/read-content';
import { testCluster } from '../support/cluster';

const ROOT = join(__dirname, '..', '..');
let result: Awaited<ReturnType<typeof simulate>>;

beforeAll(async () => {
  result = await simulate(await testCluster(), readContent(ROOT), { fixtures: join(ROOT, 'test/pipelines') });
});

test('pipeline fixtures: every fixture leads to its expected document', () => {
  const failed = result.cases.filter(({ status }) => status !== 'passed');
  expect(failed.map(({ file, reasons, diff }) => ({ file, reasons, diff }))).toEqual([]);
  expect(result.cases.length).toBeGreaterThan(50);
});

/*
 * No fixture reaches what runs after a failure (pipelines-failure.test.ts), nor what is for integers beyond 64 bits, which _simulate
 * refuses (pipelines-robust.test.ts).
 */
const ELSEWHERE = /^(failure|custom-failed.*|keywords-beyond-64-bits.*)$/;

test('pipeline fixtures: every other processor is reached', () => {
  const ordinary = result.unreached.filter(
    ({ pipeline, tag }) => pipeline !== 'process_creation@failure-pipeline' && !ELSEWHERE.test(tag),
  );
  expect(ordinary).toEqual([]);
});
