import { ProblemError } from '../errors';
import { suggestion } from '../text/suggest';
import { planFrom, type Plan, type Step } from './plan';

/**
 * The part of a plan that was asked for.
 * @param names `kind/id` each, as a plan shows them; none for the whole plan
 * @throws ProblemError USAGE for a name that the plan does not hold
 */
export function onlyOf(plan: Plan, names: readonly string[]): Plan {
  if (names.length === 0) return plan;
  const known = plan.steps.map(({ change }) => `${change.kind}/${change.id}`);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const hint = known.length === 0 ? 'There is nothing to change.' : suggestion(unknown[0] ?? '', known);
    const problems = unknown.map((name) => ({ message: `--only ${name}: the plan changes no such thing`, hint }));
    throw new ProblemError('USAGE', problems);
  }
  const steps = plan.steps.filter(({ change }) => names.includes(`${change.kind}/${change.id}`));
  const left = plan.steps.filter((step) => !steps.includes(step) && isThere(step));
  return planFrom(steps, plan.counts.unchanged + left.length, plan.leftovers);
}

/** Whether a step is about something of ours on the cluster: what is left out then stays there, unchanged. */
function isThere({ change: { action } }: Step): boolean {
  return action !== 'create' && action !== 'foreign';
}

/**
 * Makes sure that what is applied is what was reviewed.
 * @param checksum the `digest` of the reviewed plan, or its first 12 or more digits; undefined when none was given
 * @throws ProblemError UNSAFE when this plan is another one
 */
export function checkReviewed({ digest }: Plan, checksum: string | undefined): void {
  if (checksum === undefined || (checksum.length >= 12 && digest.startsWith(checksum))) return;
  throw new ProblemError('UNSAFE', [
    {
      message: `this plan is not the one that was reviewed: its digest is ${digest}, not ${checksum}. Nothing was changed.`,
      hint: 'Content or cluster have changed since. Review `wmi-detections plan` again and give its digest.',
    },
  ]);
}
