import type { Scope } from '../resources/kind';
import { ourMonitors } from '../resources/monitor-find';
import { hasAlert } from '../resources/monitor-held';
import { ownerOf } from '../resources/monitor-names';

/** A monitor of ours that never stored an alert. */
export interface Unproven {
  /** As in a plan. */
  readonly kind: 'monitor';
  readonly id: string;
  readonly title: string;
}

/**
 * The rules of which nothing yet proves that they alert. OpenSearch Alerting takes a monitor that can never fire, and a run
 * without errors may still lose its alerts; only an alert that is stored proves one. A deploy runs each monitor that it
 * writes over the newest event of the last day that it finds; where there is none, its first match will prove it.
 * @returns an empty list where another scheduler runs the rules; monitors that are switched off are left out
 */
export async function unprovenRules({ target, namespace, scheduler }: Scope): Promise<Unproven[]> {
  if (scheduler !== 'opensearch-alerting') return [];
  const unproven: Unproven[] = [];
  for (const { id, monitor } of await ourMonitors(target)) {
    const owner = ownerOf(monitor);
    if (owner?.namespace !== namespace || monitor.enabled === false) continue;
    if (!(await hasAlert(target, id))) unproven.push({ kind: 'monitor', id: owner.id, title: String(monitor.name) });
  }
  return unproven;
}

/** A sentence each, for a person. */
export function unprovenLines(unproven: readonly Unproven[]): string[] {
  return unproven.map(
    ({ kind, id, title }) =>
      `  ? ${kind}/${id} “${title}”  unproven: no alert of it was stored yet; its first match will be one`,
  );
}
