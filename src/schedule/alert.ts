import { MANAGED_BY } from '../resources/ownership';
import { groupSource } from '../rules/group';
import { renderMessage, riskObjects } from '../rules/message';
import type { Rule } from '../rules/rule';
import { severityOf } from '../rules/severity';
import { threatOf } from '../rules/attack';
import type { AlertWrite } from './bulk';
import type { Facts } from './facts';
import { iso } from './window';

/** Group fields that are numbers in ECS; a value that is none is left out of its ECS place, where it would be refused. */
const NUMBERS: ReadonlySet<string> = new Set(['process.pid', 'process.parent.pid']);

/**
 * The alert of a group: an ECS document (design, section 7).
 * @param now the cluster's time, milliseconds since 1970: when the alert is first written
 */
export function alertOf(rule: Rule, facts: Facts, now: number): AlertWrite {
  const recomputed = { start: iso(facts.first), end: iso(facts.last), count: facts.count, ancestors: facts.ancestors };
  const document: Record<string, unknown> = {
    '@timestamp': iso(now),
    event: {
      kind: 'alert',
      start: recomputed.start,
      end: recomputed.end,
      risk_score: rule.risk.score,
      severity: severityOf(rule.risk.score).number,
    },
    message: renderMessage(rule, facts.source),
    rule: ruleFields(rule),
    threat: threatOf(rule),
    tags: [...rule.tags, rule.type, ...rule.analyticStories],
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
    if (value !== null) place(document, groupSource(facts.source, field), NUMBERS.has(field) ? numberOf(value) : value);
  });
  return { id: facts.group.id, document, recomputed };
}

function ruleFields(rule: Rule): Record<string, unknown> {
  return {
    uuid: rule.uuid,
    name: rule.name,
    version: String(rule.version),
    description: rule.description,
    author: rule.authors,
    reference: rule.references,
    ...(rule.license !== null && { license: rule.license }),
    ruleset: MANAGED_BY,
  };
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
