import { fieldsOf, type Condition } from '../sigma/condition';
import type { RuleTest } from './rule-tests';
import type { Rule } from '../detections/rule';
import { valueAt } from '../json';

/** What came of one event of a rule's test. */
export interface Verdict {
  readonly rule: { readonly uuid: string; readonly name: string; readonly slug: string };
  /** The event's name. */
  readonly name: string;
  readonly source: RuleTest['source'] | null;
  readonly expected: RuleTest['expected'] | null;
  /** ERROR: nothing could be found out about the rule, because the event did not get that far, or there is none. */
  readonly result: 'PASS' | 'FAIL' | 'ERROR';
  readonly reason: string | null;
  /** `file:line:column` of the event. */
  readonly where: string | null;
}

/** An event after our pipelines, as it was indexed. */
export type Indexed = Readonly<Record<string, unknown>>;

/**
 * Judges one event.
 * @param indexed what became of it; a text when it was not indexed, or a pipeline failed on it
 * @param message of the alert that names it among its events; undefined when there is none
 */
export function judge(
  rule: Rule,
  test: RuleTest,
  indexed: Indexed | string,
  message: string | undefined,
): Pick<Verdict, 'result' | 'reason'> {
  if (typeof indexed === 'string') return { result: 'ERROR', reason: indexed };
  const alerted = message !== undefined;
  if (alerted === (test.expected === 'alert')) return { result: 'PASS', reason: null };
  const seen = `it was indexed with ${seenBy(rule.condition, indexed)}`;
  return { result: 'FAIL', reason: alerted ? `it alerts: ${message}; ${seen}` : `it does not alert; ${seen}` };
}

/** The fields at which every rule or this one looks, with what the pipelines put there. */
function seenBy(condition: Condition, indexed: Indexed): string {
  const fields = new Set(['event.category', 'event.type', ...fieldsOf(condition)]);
  return [...fields].map((field) => `${field} ${shown(valueAt(indexed, field.split('.')))}`).join(', ');
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
