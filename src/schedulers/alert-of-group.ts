import { alertBase, NUMBER_FIELDS } from '../detections/alert-document';
import { groupSource } from '../detections/group';
import { renderMessage, riskObjects } from '../detections/message';
import type { Rule } from '../detections/rule';
import type { AlertWrite } from './alert-writes';
import type { GroupSummary } from './group-summary';
import { toIso } from '../text/time';
import type { Notified } from '../notify/notified';

/**
 * The alert of a group: an ECS document (docs/design.md, "Alert document").
 * @param now the cluster's time, milliseconds since 1970: when the alert is first written
 * @param notified the webhooks that it is to be sent to, if it is new
 */
export function alertOf(
  rule: Rule,
  summary: GroupSummary,
  now: number,
  notified: readonly Notified[] = [],
): AlertWrite {
  const recomputed = {
    start: toIso(summary.first),
    end: toIso(summary.last),
    count: summary.count,
    ancestors: summary.ancestors,
  };
  const frame = alertBase(rule);
  const document: Record<string, unknown> = {
    '@timestamp': toIso(now),
    ...frame,
    event: { ...frame.event, start: recomputed.start, end: recomputed.end },
    message: renderMessage(rule, summary.source),
    wmi_detections: {
      count: summary.count,
      status: 'open',
      risk_objects: riskObjects(rule, summary.source).map(({ roles, ...object }) => ({ ...object, role: roles })),
      ancestors: summary.ancestors,
      scheduler: 'local',
      ...(notified.length > 0 && { notified }),
    },
  };
  rule.groupBy.forEach((field, index) => {
    const value = summary.group.values[index] ?? null;
    if (value !== null)
      place(document, groupSource(summary.source, field), NUMBER_FIELDS.includes(field) ? numberOf(value) : value);
  });
  return { id: summary.group.id, document, recomputed };
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
