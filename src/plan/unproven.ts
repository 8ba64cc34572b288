import type { KindName } from '../resources/kind';
import type { ScheduledScope } from '../schedulers/scheduler';

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
