import { canonicalJson } from '../../json';
import type { Content } from '../../resources/kind';
import type { Exported, ExportOptions } from '../scheduler';
import { ruleBody } from './rule-body';
import { activeExceptions } from '../../sigma/exceptions';
import { defaultIndices } from '../../detections/indices';
import type { Rule } from '../../detections/rule';

/**
 * The rules as Kibana's Detection Engine exports and imports them. A file can hold no reference to an exception list that
 * is not there, so the exceptions that are switched on become part of the queries, with the same meaning.
 * @throws ProblemError RULE_INVALID when a query cannot say what a rule says
 */
export function exportKibana(content: Content, rules: readonly Rule[], options: ExportOptions): Exported {
  const { namespace, types, now } = options;
  const indices = options.indices ?? defaultIndices(namespace);
  const data = rules.map((rule) => ({
    enabled: true,
    ...ruleBody(rule, {
      namespace,
      indices,
      types,
      compiled: activeExceptions(content.exceptions ?? [], rule.slug, now),
      lists: [],
    }),
  }));
  return { text: toNdjson(data), data };
}

/** One rule a line and a last line that counts them, keys sorted: the same content gives the same bytes. */
function toNdjson(bodies: readonly object[]): string {
  const summary = {
    exported_count: bodies.length,
    exported_rules_count: bodies.length,
    missing_rules: [],
    missing_rules_count: 0,
    exported_exception_list_count: 0,
    exported_exception_list_item_count: 0,
    missing_exception_lists: [],
    missing_exception_lists_count: 0,
    missing_exception_list_items: [],
    missing_exception_list_items_count: 0,
    exported_action_connector_count: 0,
    missing_action_connection_count: 0,
    missing_action_connections: [],
    excluded_action_connection_count: 0,
    excluded_action_connections: [],
  };
  return [...bodies, summary].map((line) => canonicalJson(line)).join('\n');
}
