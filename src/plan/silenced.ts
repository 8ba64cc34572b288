import type { Content } from '../resources/kind';
import type { ScheduledScope } from '../schedulers/scheduler';
import { activeExceptions, type Exception } from '../sigma/exceptions';
import { defaultIndices } from '../detections/indices';
import { toQueryDsl } from '../sigma/compile/query-dsl';
import type { Rule } from '../detections/rule';
import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';
import type { Plan } from './plan';

/** Of the events that a rule matches, how many its exceptions silence. */
export interface SilencedShare {
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
  return found.count;
}
