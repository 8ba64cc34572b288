import { alertFrame, NUMBER_FIELDS } from '../../detections/alert-document';
import { groupSource } from '../../detections/group';
import { renderMessage, riskObjects } from '../../detections/message';
import type { Rule } from '../../detections/rule';
import type { AlertWrite } from '../alert-writes';
import type { Facts } from '../group-summary';
import { iso } from '../../detections/windows';

/**
 * The alert of a group: an ECS document (design, section 7).
 * @param now the cluster's time, milliseconds since 1970: when the alert is first written
 */
export function alertOf(rule: Rule, facts: Facts, now: number): AlertWrite {
  const recomputed = { start: iso(facts.first), end: iso(facts.last), count: facts.count, ancestors: facts.ancestors };
  const frame = alertFrame(rule);
  const document: Record<string, unknown> = {
    '@timestamp': iso(now),
    ...frame,
    event: { ...frame.event, start: recomputed.start, end: recomputed.end },
    message: renderMessage(rule, facts.source),
    wmi_detections: {
      count: facts.count,
      status: 'open',
      risk_objects: riskObjects(rule, facts.source).map(({ roles, ...object }) => ({ ...object, role: roles })),
      ancestors: facts.ancestors,
      scheduler: 'local',
    },
  };
  rule.groupBy.forEach((field, index) => {
    const value = facts.group.values[index] ?? null;
    if (value !== null)
      place(document, groupSource(facts.source, field), NUMBER_FIELDS.includes(field) ? numberOf(value) : value);
  });
  return { id: facts.group.id, document, recomputed };
}

function numberOf(value: string): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) && value.trim() !== '' ? number : undefined;
}

/** Sets `a.b.c` in nested objects. */
function place(document: Record<string, unknown>, field: string, value: unknown): void {
  const steps = field.split('.');
  const last = steps.pop() ?? field;
  let current = document;
  for (const step of steps) {
    const next = (current[step] ?? {}) as Record<string, unknown>;
    current[step] = next;
    current = next;
  }
  if (value !== undefined) current[last] = value;
}
