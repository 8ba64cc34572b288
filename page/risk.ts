import type { Item } from './filters';

/** Somebody or something with the risk that alerts added to it. */
export interface Entity {
  readonly value: string;
  readonly score: number;
  readonly alerts: number;
}

/** The hosts or users of these alerts, the highest risk first. */
export function entitiesOf(items: readonly Item[], type: 'host' | 'user'): Entity[] {
  const entities = new Map<string, Entity>();
  for (const { alert } of items) {
    for (const { value, added } of alert.risk.filter((object) => object.type === type)) {
      const known = entities.get(value) ?? { value, score: 0, alerts: 0 };
      entities.set(value, { value, score: known.score + added, alerts: known.alerts + 1 });
    }
  }
  return [...entities.values()].sort((left, right) => right.score - left.score || (left.value < right.value ? -1 : 1));
}
