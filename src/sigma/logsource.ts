import { allOf } from './combine';
import type { Condition } from './condition';
import type { Rule } from '../detections/rule';

const is = (field: string, literal: string): Condition => ({
  kind: 'field',
  field,
  test: { kind: 'text', pattern: [{ literal }], cased: true },
});

/**
 * Everything that an event must meet for a rule to alert: its log source and its detection. Windows process creation is
 * ECS event.category process and event.type start; host.os.type is not asked for, most shippers' data lacks it.
 */
export function conditionOf(rule: Pick<Rule, 'condition'>): Condition {
  const condition = allOf([is('event.category', 'process'), is('event.type', 'start'), rule.condition]);
  return condition ?? rule.condition;
}
