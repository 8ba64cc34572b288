import { defaultIndices } from '../detections/indices';
import type { Content, Scope } from '../resources/kind';
import { toQueryDsl } from '../sigma/compile/query-dsl';
import { activeExceptions } from '../sigma/exceptions';
import type { RuleState } from './rule-state';
import type { DeployedQuery } from './scheduler';

/**
 * What rules look for as the content says, with the exceptions that are active: for a scheduler that does not keep the query in
 * a form that can be read back.
 * @param now milliseconds since 1970
 * @param idOf the id by which a state knows a rule
 */
export function queriesOfContent(
  { namespace, indices }: Scope,
  { rules, exceptions = [] }: Content,
  now: number,
  states: readonly RuleState[],
  idOf: (uuid: string) => string = (uuid) => uuid,
): DeployedQuery[] {
  return rules.map((rule) => ({
    rule,
    query: toQueryDsl(rule, activeExceptions(exceptions, rule.slug, now)),
    indices: indices ?? defaultIndices(namespace),
    state: states.find(({ uuid }) => uuid === idOf(rule.uuid)) ?? null,
  }));
}
