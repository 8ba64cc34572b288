import { groupValue } from './group';
import { textAt } from '../json';
import type { Rule } from './rule';

const TOKEN = /\$([A-Za-z_][A-Za-z0-9_]*)\$/g;

/** What Splunk writes for a value that an event lacks (`fillnull_value=null`). */
export const ABSENT = 'null';

/**
 * A rule's message with its tokens replaced by what the event holds: `$dest$` by the host. An absent value is `null`, as
 * in Splunk. The values are the event's own, so control characters must be made visible before they are printed.
 * @param document an event's `_source`
 */
export function renderMessage(rule: Pick<Rule, 'risk'>, document: unknown): string {
  return messageParts(rule)
    .map((part) => ('text' in part ? part.text : (groupValue(document, part.field) ?? ABSENT)))
    .join('');
}

/** A piece of a message: words of the rule, or the ECS field whose value stands there. */
export type MessagePart = { readonly text: string } | { readonly field: string };

/** A rule's message in pieces, for a scheduler that renders it by itself; a token that names no field is words. */
export function messageParts({ risk }: Pick<Rule, 'risk'>): MessagePart[] {
  // Split by a pattern with a group, every second piece is a token's name.
  return risk.message.split(TOKEN).map((piece, index): MessagePart => {
    if (index % 2 === 0) return { text: piece };
    const field = Object.hasOwn(SPLUNK_FIELDS, piece) ? SPLUNK_FIELDS[piece] : undefined;
    return field === undefined ? { text: `$${piece}$` } : { field };
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

/** One risk object of a rule, and where its value may be. */
export interface RiskSource extends Omit<RiskCarrier, 'field' | 'value'> {
  /** ECS names, the best first. */
  readonly fields: readonly string[];
}

/** Where the risk objects of a rule are to be found in an event. */
export function riskSources({ risk }: Pick<Rule, 'risk'>): RiskSource[] {
  return risk.objects.map(({ name, type, roles }) => {
    const word = type.toLowerCase();
    const fields = CARRIERS[name] ?? [SPLUNK_FIELDS[name] ?? name];
    return { fields, type: TYPES[word] ?? word, roles, score: risk.score };
  });
}

/**
 * Who carries the risk of an alert; what an event does not name carries none.
 * @param document an event's `_source`
 */
export function riskObjects(rule: Pick<Rule, 'risk'>, document: unknown): RiskCarrier[] {
  return riskSources(rule).flatMap(({ fields, ...source }) => {
    for (const field of fields) {
      const value = textAt(document, field);
      if (value !== null) return [{ field, value, ...source }];
    }
    return [];
  });
}

/**
 * Splunk's names of process fields (data model Endpoint.Processes) and the ECS fields that hold the same
 * (docs/design.md, "Fields and groups"). Messages, groups and risk objects of the originals use the former.
 */
export const SPLUNK_FIELDS: Readonly<Record<string, string>> = {
  parent_process_name: 'process.parent.name',
  parent_process: 'process.parent.command_line',
  parent_process_path: 'process.parent.executable',
  parent_process_id: 'process.parent.pid',
  process_name: 'process.name',
  process: 'process.command_line',
  process_path: 'process.executable',
  process_id: 'process.pid',
  process_guid: 'process.entity_id',
  original_file_name: 'process.pe.original_file_name',
  dest: 'host.name',
  user: 'user.name',
};
