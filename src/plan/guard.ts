import { ProblemError } from '../errors';
import type { Scope } from '../resources/kind';
import type { Plan } from './plan';

/** A plan that deletes more than this share of what is ours needs a yes. */
const MOST_DELETIONS = 0.3;

/**
 * Why a plan needs a yes from a person: it deletes much, or a rule with open alerts.
 * @returns a sentence each; none when it needs no yes
 * @throws ProblemError when the alerts cannot be counted
 */
export async function unsafeReasons(scope: Scope, plan: Plan): Promise<string[]> {
  return [...manyDeletions(plan), ...(await openAlerts(scope, plan))];
}

function manyDeletions({ counts }: Plan): string[] {
  const ours = counts.update + counts.delete + counts.put_mapping + counts.rollover + counts.unchanged;
  if (counts.delete === 0 || counts.delete / ours <= MOST_DELETIONS) return [];
  return [`This deletes ${counts.delete} of ${ours} things of ours on the cluster.`];
}

/** The rules that a plan deletes although alerts of theirs are open, a sentence each. */
export async function openAlerts(scope: Scope, { steps }: Plan): Promise<string[]> {
  const sentences: string[] = [];
  for (const { kind, change } of steps) {
    if (change.action !== 'delete' || kind.openAlerts === undefined) continue;
    const open = await kind.openAlerts(scope, change.id);
    const alerts = open === 1 ? '1 open alert' : `${open} open alerts`;
    if (open > 0) sentences.push(`This deletes the rule “${change.title ?? change.id}”, which has ${alerts}.`);
  }
  return sentences;
}

/** @throws ProblemError UNSAFE, always: nobody said yes */
export function refuseUnsafe(reason: string): never {
  throw new ProblemError('UNSAFE', [
    { message: `${reason} Nothing was changed.`, hint: 'Answer yes on a terminal, or give --yes.' },
  ]);
}
