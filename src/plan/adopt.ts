import { ProblemError, redact, type Problem } from '../errors';
import { canonicalJson } from '../json';
import type { Content, Desired, Kind, Live, Scope } from '../resources/kind';
import { escapeForTerminal } from '../text/escape';
import { suggestion } from '../text/suggest';
import { INTERRUPTED, OVERTAKEN } from './apply';
import type { Deployment } from './deployment';
import type { Operator } from './deploy';
import { bodyDiff } from './plan';
import { refuseUnsafe } from './guard';

/** Something of the content that somebody wants to be ours on the cluster, too. */
export interface Adoption {
  readonly kind: Kind;
  readonly desired: Desired;
  readonly live: Live;
  /** What the next deploy changes in it, as a unified diff in YAML; empty where it is the same already. */
  readonly diff: string;
}

export interface Adoptions {
  /** What is there and not ours. */
  readonly foreign: readonly Adoption[];
  /** What is ours already, as `kind/id`. */
  readonly ours: readonly string[];
}

/** What came of one of them. */
export interface Adopted {
  readonly kind: string;
  readonly id: string;
  readonly title?: string | undefined;
  readonly status: 'adopted' | 'failed' | 'skipped';
  readonly diff: string;
  readonly error?: string | undefined;
}

export interface AdoptResult {
  readonly adopted: readonly Adopted[];
  /** What was ours before, as `kind/id`. */
  readonly ours: Adoptions['ours'];
}

/**
 * Takes over what stands on the cluster under ids of our content and is not ours: from then on plan shows how it differs,
 * deploy changes it and destroy removes it. Nothing but our mark is written.
 * @param names `kind/id` each, as a plan shows them
 * @param operator told, before it is asked, what the next deploy changes
 * @throws ProblemError USAGE for what is not in the content or not on the cluster, UNSAFE when nobody said yes
 */
export async function adopt(
  deployment: Deployment,
  content: Content,
  names: readonly string[],
  operator: Operator,
  options: { yes: boolean },
): Promise<AdoptResult> {
  const { foreign, ours } = await findAdoptions(deployment, content, names);
  if (foreign.length > 0 && !options.yes) {
    for (const { diff } of foreign) for (const line of linesOf(diff)) operator.note(escapeForTerminal(line));
    const list = foreign.map(({ kind, desired }) => `${kind.name}/${desired.id}`).join(', ');
    const question = `This takes over what somebody else made: ${list}. Deploy will change it, and destroy will remove it.`;
    if (!(await operator.confirm(`${question} Go on?`))) refuseUnsafe(question);
  }
  return { adopted: await adoptAll(deployment, foreign), ours };
}

function linesOf(diff: string): string[] {
  return diff === '' ? [] : diff.trimEnd().split('\n');
}

/**
 * Finds what is to be adopted. Nothing is changed.
 * @param names `kind/id` each, as a plan shows them
 * @throws ProblemError USAGE for each that is not in the content, or not on the cluster
 */
export async function findAdoptions(
  deployment: Deployment,
  content: Content,
  names: readonly string[],
): Promise<Adoptions> {
  const known = await adoptable(deployment, content);
  const problems: Problem[] = [];
  const foreign: Adoption[] = [];
  const ours: string[] = [];
  for (const name of new Set(names)) {
    const found = known.get(name);
    if (found === undefined) {
      problems.push({ message: `the content has no ${name}`, hint: suggestion(name, [...known.keys()]) });
      continue;
    }
    const { kind, desired } = found;
    const live = (await kind.list(deployment, [desired.id])).find(({ id }) => id === desired.id);
    if (live === undefined) {
      problems.push({
        message: `${name} is not on the cluster`,
        hint: 'There is nothing to adopt: deploy creates it.',
      });
    } else if (live.ours) ours.push(name);
    else foreign.push({ kind, desired, live, diff: diffOf(kind, desired, live) });
  }
  if (problems.length > 0) throw new ProblemError('USAGE', problems);
  return { foreign, ours };
}

/**
 * Puts our mark on what is there, and changes nothing else in it: what a later deploy changes, its plan shows first.
 * @returns one result each; one that fails does not stop the others, an interruption does
 */
export async function adoptAll(scope: Scope, adoptions: readonly Adoption[]): Promise<Adopted[]> {
  const results: Adopted[] = [];
  for (const { kind, desired, live, diff } of adoptions) {
    const about = { kind: kind.name, id: desired.id, title: desired.title, diff };
    if (scope.cluster.signal?.aborted === true) {
      results.push({ ...about, status: 'skipped', error: INTERRUPTED });
      continue;
    }
    try {
      await kind.mark?.(scope, desired, live);
      results.push({ ...about, status: 'adopted' });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const message = error.code === 'INTERRUPTED' ? OVERTAKEN : redact(error.message);
      results.push({ ...about, status: 'failed', error: message });
    }
  }
  return results;
}

async function adoptable(
  deployment: Deployment,
  content: Content,
): Promise<Map<string, { kind: Kind; desired: Desired }>> {
  const known = new Map<string, { kind: Kind; desired: Desired }>();
  for (const kind of deployment.kinds()) {
    if (kind.mark === undefined) continue;
    for (const desired of await kind.desired(deployment, content))
      known.set(`${kind.name}/${desired.id}`, { kind, desired });
  }
  return known;
}

function diffOf(kind: Kind, desired: Desired, live: Live): string {
  const [before, after] = [kind.normalize(live.body, desired.body), kind.normalize(desired.body)];
  return canonicalJson(before) === canonicalJson(after) ? '' : bodyDiff(before, after, desired.id);
}
