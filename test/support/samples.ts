import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventOf } from '../../src/replay/event';
import { listInputs } from '../../src/replay/inputs';
import { readInput } from '../../src/replay/read';

const ROOT = join(__dirname, '../..');
export const SAMPLES = join(ROOT, 'samples');

/** The words that docs/samples.md has for our two rules. */
export const RULES = {
  wmic: '0661c2de-93de-11ec-9833-acde48001122',
  child: '24869767-8579-485d-9a4f-d9ddfd8f0cac',
} as const;
export type RuleWord = keyof typeof RULES;

/** One row of docs/samples.md: the event's place, and the rules that must alert on it. */
export interface Sample {
  /** `<file> <number in the file, from 1>`. */
  readonly name: string;
  readonly alerts: readonly RuleWord[];
}

/** All samples as docs/samples.md describes them, which is the only place that says what each must lead to. */
export function describedSamples(): Sample[] {
  let file = '';
  return readFileSync(join(ROOT, 'docs/samples.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      file = /^## (\S+)$/.exec(line)?.[1] ?? file;
      const row = /^\|\s*(\d+)\s*\|.*\|\s*(\S+)\s*\|$/.exec(line);
      if (row?.[1] === undefined || row[2] === undefined) return [];
      return [{ name: `${file} ${row[1]}`, alerts: row[2] === '–' ? [] : (row[2].split(', ') as RuleWord[]) }];
    });
}

/** The events in samples/, by the `_id` that `replay` gives them: `<file> <number in the file>`. */
export async function namesOfSamples(): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const input of listInputs([SAMPLES])) {
    let number = 0;
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      for (const record of read.records) {
        number += 1;
        names.set(eventOf(record, read.file).id, `${read.file.slice(SAMPLES.length + 1)} ${number}`);
      }
    }
  }
  return names;
}
