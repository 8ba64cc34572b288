import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../src/json';
import { PROGRAM_FOLDER } from '../src/program';

const PIECE = 1_000;

/**
 * Writes a file of events, made of the samples of one shape, each with a record number of its own, so that no two are one.
 * @param size how many events, or the least number of bytes
 * @returns how many were written
 */
export function writeEvents(
  path: string,
  shape: 'nxlog' | 'winlogbeat',
  { events = Infinity, bytes = Infinity }: { readonly events?: number; readonly bytes?: number },
): number {
  const samples = ['sysmon', 'security'].flatMap((source) =>
    readFileSync(join(PROGRAM_FOLDER, 'samples', `${source}-${shape}.ndjson`), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
  const file = openSync(path, 'w');
  let written = 0;
  let size = 0;
  while (written < events && size < bytes) {
    let piece = '';
    for (let count = 0; count < PIECE && written < events; count += 1, written += 1) {
      const sample = samples[written % samples.length] ?? '';
      const event = shape === 'winlogbeat' ? reordered(sample, written) : sample;
      piece += `${event.replace(/("RecordNumber"|"record_id"): ?\d+/, `$1:${written}`)}\n`;
    }
    size += writeSync(file, piece);
  }
  closeSync(file);
  return written;
}

/** Winlogbeat writes the members of each object in an order of its own in each event, as Go goes through maps. */
function reordered(text: string, seed: number): string {
  let state = seed;
  const chance = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes, section 7.1.
    return state / 2 ** 32;
  };
  return JSON.stringify(JSON.parse(text), (_, value: unknown) =>
    isRecord(value)
      ? Object.fromEntries(
          Object.entries(value)
            .map((member) => ({ member, place: chance() }))
            .sort((left, right) => left.place - right.place)
            .map(({ member }) => member),
        )
      : value,
  );
}
