import type { z } from 'zod';
import type { Place, Problem } from '../errors';
import { nearest } from '../text/suggest';
import { keysAt } from './shape';

export type Path = readonly (string | number)[];

/** One part of the settings as it is written: a file, the environment, flags. */
export interface Part {
  readonly value: unknown;
  readonly placeOf: (path: Path) => Place;
  /** Whether a value counts in this call; every one does unless told. */
  readonly counts?: (path: Path) => boolean;
}

/**
 * Holds a part of the settings against its form. Values are never shown: they may be secrets.
 * @returns undefined when something is wrong; it is in `problems` then
 */
export function checked<T>(schema: z.ZodType<T>, part: Part, problems: Problem[]): T | undefined {
  const result = schema.safeParse(part.value ?? {});
  if (result.success) return result.data;
  const found = result.error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, part));
    return [{ where: part.placeOf(path), message: `${path.join('.') || 'settings'}: ${issue.message}` }];
  });
  problems.push(...found);
  return undefined;
}

function unknownKey(key: string, path: Path, { placeOf }: Part): Problem {
  const known = keysAt(path);
  const near = nearest(key, known);
  return {
    where: placeOf([...path, key]),
    message: `unknown setting \`${[...path, key].join('.')}\``,
    hint: near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean \`${near}\`?`,
  };
}
