import { ProblemError } from '../errors';
import type { Plan } from './plan';

/** A plan that deletes more than this share of what is ours needs a yes. */
const MOST_DELETIONS = 0.3;

/**
 * Why a plan needs a yes from a person.
 * @returns undefined when it needs none
 */
export function unsafeReason({ counts }: Plan): string | undefined {
  const ours = counts.update + counts.delete + counts.put_mapping + counts.rollover + counts.unchanged;
  if (counts.delete === 0 || counts.delete / ours <= MOST_DELETIONS) return undefined;
  return `This deletes ${counts.delete} of ${ours} things of ours on the cluster.`;
}

/** @throws ProblemError UNSAFE, always: nobody said yes */
export function refuseUnsafe(reason: string): never {
  throw new ProblemError('UNSAFE', [
    { message: `${reason} Nothing was changed.`, hint: 'Answer yes on a terminal, or give --yes.' },
  ]);
}
