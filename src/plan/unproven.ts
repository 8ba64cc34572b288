import type { Scope } from '../resources/kind';
import { ourMonitors } from '../resources/monitor-find';
import { proofOf } from '../resources/monitor-held';
import { ownerOf } from '../resources/monitor-names';

/** A monitor of ours that has stored no alert since it was last changed. */
export interface Unproven {
  /** As in a plan. */
  readonly kind: 'monitor';
  readonly id: string;
  readonly title: string;
}

/**
 * The rules of which nothing yet proves that they alert. OpenSearch Alerting takes a monitor that can never fire, and a run
 * without errors may still lose its alerts; only an alert that is stored proves one, and only the search that stored it. A
 * deploy runs each monitor that it writes and that is not proven; where that finds nothing, the next match will prove it.
 * @returns an empty list where another scheduler runs the rules; monitors that are switched off are left out
 */
export async function unprovenRules({ target, namespace, scheduler }: Scope): Promise<Unproven[]> {
  if (scheduler !== 'opensearch-alerting') return [];
  const unproven: Unproven[] = [];
  for (const found of await ourMonitors(target)) {
    const { monitor } = found;
    const owner = ownerOf(monitor);
    if (owner?.namespace !== namespace || monitor.enabled === false) continue;
    if ((await proofOf(target, found)) === 'proven') continue;
    unproven.push({ kind: 'monitor', id: owner.id, title: String(monitor.name) });
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
