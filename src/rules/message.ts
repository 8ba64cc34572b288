import { groupValue, textAt } from './group';
import type { Rule } from './rule';
import { SPLUNK_FIELDS } from './splunk-fields';

const TOKEN = /\$([A-Za-z_][A-Za-z0-9_]*)\$/g;

/** What Splunk writes for a value that an event lacks (`fillnull_value=null`). */
const ABSENT = 'null';

/**
 * A rule's message with its tokens replaced by what the event holds: `$dest$` by the host. An absent value is `null`, as
 * in Splunk. The values are the event's own, so control characters must be made visible before they are printed.
 * @param document an event's `_source`
 */
export function renderMessage(rule: Pick<Rule, 'risk'>, document: unknown): string {
  return rule.risk.message.replace(TOKEN, (token, name: string) => {
    const field = Object.hasOwn(SPLUNK_FIELDS, name) ? SPLUNK_FIELDS[name] : undefined;
    return field === undefined ? token : (groupValue(document, field) ?? ABSENT);
  });
}

/** The tokens of a message that name no field. */
export function unknownTokens(message: string): string[] {
  return Array.from(message.matchAll(TOKEN), ([, name = '']) => name).filter(
    (name) => !Object.hasOwn(SPLUNK_FIELDS, name),
  );
}

/** Somebody or something to whom an alert adds its risk. */
export interface RiskCarrier {
  /** The ECS field that the value is from. */
  readonly field: string;
  /** The detection's word: `user`, `host`, or what else it says, in small letters. */
  readonly type: string;
  readonly value: string;
  readonly roles: readonly string[];
  readonly score: number;
}

const TYPES: Readonly<Record<string, string>> = { hostname: 'host' };

/**
 * The fields that may name each risk object, the best first. Event 4688 has two users, the one who asked for the process
 * (ECS user.name) and the one as whom it runs (user.effective): where there is the latter, it carries the risk.
 */
const CARRIERS: Readonly<Record<string, readonly string[]>> = {
  user: ['user.effective.name', 'user.effective.id', 'user.name', 'user.id'],
  dest: ['host.name', 'host.id'],
};

/**
 * Who carries the risk of an alert; what an event does not name carries none.
 * @param document an event's `_source`
 */
export function riskObjects(rule: Pick<Rule, 'risk'>, document: unknown): RiskCarrier[] {
  return rule.risk.objects.flatMap(({ name, type, roles }) => {
    const fields = CARRIERS[name] ?? [SPLUNK_FIELDS[name] ?? name];
    for (const field of fields) {
      const value = textAt(document, field);
      if (value === null) continue;
      const word = type.toLowerCase();
      return [{ field, type: TYPES[word] ?? word, value, roles, score: rule.risk.score }];
    }
    return [];
  });
}
