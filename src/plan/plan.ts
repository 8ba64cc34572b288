import { canonicalJson, sha256, type JsonRecord } from '../json';
import { digestOf } from '../resources/ownership';
import type { Action, Content, Desired, Kind, Live, Scope } from '../resources/kind';
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import { ProblemError } from '../errors';
import { suggestion } from '../text/suggest';

/** One thing to do, in the words that scripts read (docs/design.md, "Output of commands"). */
export interface Change {
  readonly kind: string;
  readonly id: string;
  readonly title?: string | undefined;
  readonly action: Action;
  /** Unified diff of the two bodies as YAML; empty where nothing is compared. */
  readonly diff: string;
}

/** A change together with what it takes to do it. */
export interface Step {
  readonly kind: Kind;
  /** That of the scope: many ids do not say it. */
  readonly namespace: string;
  readonly change: Change;
  /** Undefined for a deletion. */
  readonly desired?: Desired | undefined;
  /** Our content is what we last wrote, so somebody changed it on the cluster; false where that is not known. */
  readonly edited?: boolean;
}

export type Counts = Readonly<Record<Action | 'unchanged', number>>;

/** What a deploy would do, in the order in which it would do it. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly counts: Counts;
  /** Ours on the cluster, and no longer in the content; deleted only with `prune`. */
  readonly leftovers: readonly { readonly kind: string; readonly id: string }[];
  /** SHA-256 over the changes, their bodies and the namespace: two plans with the same digest do the same. */
  readonly digest: string;
}

/**
 * Compares the content with the cluster. Nothing is changed. `plan`, `deploy`, `status` and `destroy` are this, stopped or
 * filtered.
 * @param options.prune plans the deletion of what is ours and no longer in the content
 * @param options.kinds in the order in which they are applied
 * @throws ProblemError when the cluster cannot be read
 */
export async function makePlan(
  scope: Scope,
  content: Content,
  options: { prune: boolean; kinds: readonly Kind[] },
): Promise<Plan> {
  const puts: Step[] = [];
  const deletions: Step[] = [];
  const leftovers: { kind: string; id: string }[] = [];
  let unchanged = 0;
  for (const kind of options.kinds) {
    const desired = await kind.desired(scope, content);
    const live = await kind.list(
      scope,
      desired.map(({ id }) => id),
    );
    for (const wanted of inOrderOfReferences(kind, desired)) {
      const step = stepFor(
        kind,
        scope.namespace,
        wanted,
        live.find(({ id }) => id === wanted.id),
      );
      if (step === undefined) unchanged += 1;
      else puts.push(step);
    }
    const gone = live.filter(({ id, ours }) => ours && !desired.some((wanted) => wanted.id === id));
    leftovers.push(...gone.map(({ id }) => ({ kind: kind.name, id })));
    // Callers are deleted before what they call, so in the reverse of the order of creation.
    if (options.prune) deletions.unshift(...gone.map((item) => deletion(kind, scope.namespace, item)));
  }
  return planFrom([...puts, ...deletions], unchanged, options.prune ? [] : leftovers);
}

/** A plan of steps that are already decided. */
export function planFrom(steps: readonly Step[], unchanged: number, leftovers: Plan['leftovers']): Plan {
  const changes = steps.map(({ change }) => change);
  return { steps, counts: count(changes, unchanged), leftovers, digest: sha256(canonicalJson(steps.map(reviewed))) };
}

/** What a yes to a step is a yes to. What is created has no diff, so its body is in it; the address of the cluster is not. */
function reviewed({ kind, namespace, change, desired }: Step): object {
  const body = desired === undefined ? null : digestOf(kind.name, desired.id, desired.body);
  return { ...change, namespace, body };
}

/**
 * What is to be done about one thing:
 *
 *   on the cluster        | done
 *   ----------------------|------------------------------------------
 *   not there             | create
 *   there, not ours       | nothing, reported as foreign
 *   ours, the same        | nothing
 *   ours, different       | update (for a data stream: put_mapping or rollover)
 */
function stepFor(kind: Kind, namespace: string, desired: Desired, live: Live | undefined): Step | undefined {
  const step = (action: Action, diff: string): Step => ({
    kind,
    namespace,
    desired,
    change: { kind: kind.name, id: desired.id, title: desired.title, action, diff },
  });
  if (live === undefined) return step('create', '');
  if (!live.ours) return step('foreign', '');
  const before = kind.normalize(live.body, desired.body);
  const after = kind.normalize(desired.body);
  const same =
    kind.unchanged === undefined ? canonicalJson(before) === canonicalJson(after) : kind.unchanged(desired, live);
  if (same) return undefined;
  const edited = live.digest === digestOf(kind.name, desired.id, desired.body);
  return { ...step(kind.actionFor?.(desired, live) ?? 'update', bodyDiff(before, after, desired.id)), edited };
}

function deletion(kind: Kind, namespace: string, { id, title }: Live): Step {
  return { kind, namespace, change: { kind: kind.name, id, title, action: 'delete', diff: '' } };
}

/** What is referred to first; things that refer to each other stay in the order of the content. */
function inOrderOfReferences(kind: Kind, desired: readonly Desired[]): Desired[] {
  const ordered: Desired[] = [];
  const seen = new Set<string>();
  const visit = (item: Desired): void => {
    if (seen.has(item.id)) return;
    seen.add(item.id);
    for (const ref of kind.refs(item.body)) {
      const referred = desired.find(({ id }) => id === ref);
      if (referred !== undefined) visit(referred);
    }
    ordered.push(item);
  };
  desired.forEach(visit);
  return ordered;
}

function count(changes: readonly Change[], unchanged: number): Counts {
  const of = (action: Action): number => changes.filter((change) => change.action === action).length;
  return {
    create: of('create'),
    update: of('update'),
    delete: of('delete'),
    foreign: of('foreign'),
    put_mapping: of('put_mapping'),
    rollover: of('rollover'),
    unchanged,
  };
}

/** A unified diff, in YAML as in the content files, of what is on the cluster and what is to be. */
export function bodyDiff(before: JsonRecord, after: JsonRecord, id: string): string {
  const patch = createTwoFilesPatch(`cluster/${id}`, `content/${id}`, yamlOf(before), yamlOf(after), '', '', {
    context: 3,
  });
  // The first line is a row of `=`.
  return patch.slice(patch.indexOf('\n') + 1);
}

function yamlOf(body: JsonRecord): string {
  return stringify(body, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

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
