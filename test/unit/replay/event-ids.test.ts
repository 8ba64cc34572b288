import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { eventOf } from '../../../src/replay/event';
import { listInputs } from '../../../src/replay/inputs';
import { readInput } from '../../../src/replay/read';
import { RecordSplitter } from '../../../src/replay/splitter';
import { readFixtures } from '../../../src/testing/fixture';
import { writeJson } from '../../../src/text/lossless-json';
import { describeWith } from '../../support/labelled';
import { SAMPLES } from '../../support/samples';
import reference from './event-ids.json';

/*
 * The `_id` of an event must never change: whoever replays a file again with a newer version would index every event twice. The
 * reference was written by the version before this test, which had another JSON reader.
 */
const ROOT = join(__dirname, '../../..');
const DATASETS = join(ROOT, '..', 'shared', 'datasets');

/** The ids of all events below a folder, by their file. */
async function idsBelow(folder: string): Promise<Record<string, string[]>> {
  const ids: Record<string, string[]> = {};
  for (const input of listInputs([folder])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      (ids[relative(folder, read.file)] ??= []).push(...read.records.map((record) => eventOf(record, read.file).id));
    }
  }
  return ids;
}

function idOf(text: string): string {
  const splitter = new RecordSplitter();
  const records = [...splitter.push(Buffer.from(text)), ...splitter.end()];
  return records.map((record) => eventOf(record, 'a.json').id).join();
}

/** @param levels of objects, or of arrays in one object */
const nested = (levels: number): readonly string[] => [
  `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`,
  `{"Channel":"Security","a":${'['.repeat(levels)}${']'.repeat(levels)}}`,
];

const digestOf = (ids: readonly string[]): string => createHash('sha256').update(ids.join('\n')).digest('hex');

describe('the _id of an event stays what it was', () => {
  test('in every sample', async () => {
    expect(await idsBelow(SAMPLES)).toEqual(reference.samples);
  });

  test('in every fixture of the pipelines', () => {
    const ids: Record<string, string[]> = {};
    for (const { file, events } of readFixtures(join(ROOT, 'test/pipelines')))
      ids[relative(ROOT, file)] = events.map((event) => idOf(writeJson(event)));
    expect(Object.keys(ids)).toEqual(expect.arrayContaining(Object.keys(reference.fixtures)));
    // A fixture that is newer than the reference has no id that could change.
    const recorded = Object.entries(ids).filter(([file]) => file in reference.fixtures);
    expect(Object.fromEntries(recorded)).toEqual(reference.fixtures);
  });

  test.each(Object.entries(reference.texts))('in %s', (text, id) => {
    expect(idOf(text)).toBe(id);
  });

  test.each(Object.entries(reference.levels))('nested %s levels deep', (levels, ids) => {
    expect(nested(Number(levels)).map(idOf)).toEqual(ids);
  });
});

describeWith(DATASETS, 'the _id of an event stays what it was in public data', () => {
  test('in every file', async () => {
    const ids = await idsBelow(DATASETS);
    const digests = Object.entries(ids).map(([file, all]) => [file, `${all.length} ${digestOf(all)}`]);
    expect(Object.fromEntries(digests)).toEqual(reference.datasets);
  });
});

test.each([
  ['1.0', '1'],
  ['1e3', '1000'],
  ['-0', '0'],
  ['12345678901234567890', '12345678901234567891'],
  ['"\\ud800"', '"\\udc00"'],
])('event ids: events that differ only in %s and %s are two', (left, right) => {
  expect(idOf(`{"a":${left}}`)).not.toBe(idOf(`{"a":${right}}`));
});

test.each([
  ['order of keys', '{"10":1,"9":1.0}', '{"9":1.0,"10":1}'],
  ['blanks', '{"a":[1.0,2]}', '{ "a" : [\n1.0 ,\t2 ] }'],
  ['escapes', '{"a\\u0062":"\\u0041\\/\\u000a"}', '{"ab":"A/\\n"}'],
])('event ids: events that differ only in their %s are one', (_, left, right) => {
  expect(idOf(left)).toBe(idOf(right));
});
