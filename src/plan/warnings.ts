import type { Content, KindName } from '../resources/kind';
import type { ScheduledScope } from '../schedulers/scheduler';
import { activeExceptions, type Exception } from '../sigma/exceptions';
import { defaultIndices } from '../detections/indices';
import { toQueryDsl } from '../sigma/compile/query-dsl';
import type { Rule } from '../detections/rule';
import type { Cluster } from '../cluster/cluster';
import { requireWhole } from '../cluster/search-all';
import { untyped } from '../cluster/untyped';
import type { Plan } from './plan';

/** Of the events that a rule matches, how many its exceptions silence. */
interface SilencedShare {
  readonly matches: number;
  readonly silenced: number;
}

/**
 * Counts, over everything that is there now, what a rule finds with its exceptions and without. `silenced` equal to
 * `matches`, and not 0, is a rule that would alert on nothing: that needs a confirmation.
 * @param exceptions those that are active
 * @param indices names and patterns; one that does not exist counts as empty
 * @throws ProblemError when the cluster cannot be searched
 */
export async function silencedShare(
  cluster: Cluster,
  rule: Pick<Rule, 'condition'>,
  exceptions: readonly Exception[],
  indices: readonly string[],
): Promise<SilencedShare> {
  const matches = await count(cluster, indices, toQueryDsl(rule));
  const left = exceptions.length === 0 ? matches : await count(cluster, indices, toQueryDsl(rule, exceptions));
  // Events may come in between the two.
  return { matches, silenced: Math.max(0, matches - left) };
}

/**
 * The rules that would alert on nothing of what is there, because their exceptions silence every match.
 * @returns a sentence each; only rules that the plan changes, or an exception of theirs, are looked at
 */
export async function silencedRules(scope: ScheduledScope, content: Content, plan: Plan): Promise<string[]> {
  const put = plan.steps.filter(({ desired }) => desired !== undefined).map(({ change }) => change);
  const sentences: string[] = [];
  for (const rule of content.rules.filter((rule) =>
    // The title of a rule begins with its name, and carries the namespace where that is not the default one. In Kibana an
    // exception is a thing of its own.
    put.some(
      ({ id, title = '' }) => title.startsWith(rule.name) || scope.scheduler.holdsExceptions(id, rule, scope.namespace),
    ),
  )) {
    const active = activeExceptions(content.exceptions ?? [], rule.slug, scope.now);
    if (active.length === 0) continue;
    const indices = scope.indices ?? defaultIndices(scope.namespace);
    const { matches, silenced } = await silencedShare(scope.cluster, rule, active, indices);
    if (matches > 0 && silenced === matches) {
      sentences.push(`The exceptions of “${rule.name}” silence all ${matches} of its matches on this cluster.`);
    }
  }
  return sentences;
}

async function count(cluster: Cluster, indices: readonly string[], query: object): Promise<number> {
  const found = await cluster.client.count({
    index: [...indices],
    ignore_unavailable: true,
    allow_no_indices: true,
    query: untyped(query),
  });
  requireWhole(found, `${cluster.url}/${indices.join(',')}/_count`);
  return found.count;
}

/** A rule that has stored no alert since it was last changed, on a scheduler where nothing else proves it. */
export interface Unproven {
  /** As in a plan. */
  readonly kind: KindName;
  readonly id: string;
  readonly title: string;
}

/**
 * The rules of which nothing yet proves that they alert. OpenSearch Alerting takes a monitor that can never fire, and a run
 * without errors may still lose its alerts; only an alert that is stored proves one, and only the search that stored it. A
 * deploy runs each monitor that it writes and that is not proven; where that finds nothing, the next match will prove it.
 * @returns an empty list where another scheduler runs the rules
 */
export async function unprovenRules(scope: ScheduledScope): Promise<Unproven[]> {
  const unproven: Unproven[] = [];
  for (const kind of scope.scheduler.kinds(scope)) {
    for (const { id, title = id } of (await kind.unproven?.(scope)) ?? [])
      unproven.push({ kind: kind.name, id, title });
  }
  return unproven;
}

/** A sentence each, for a person. */
export function unprovenLines(unproven: readonly Unproven[]): string[] {
  return unproven.map(
    ({ kind, id, title }) =>
      `  ? ${kind}/${id} “${title}”  unproven: it has stored no alert yet as it now stands; its next match will be one`,
  );
}
