import { kibanaRuleId } from './kibana/ownership-marks';
import type { Content, Scheduler, Scope } from '../resources/kind';
import { indicesOf, queryOfMonitor } from './opensearch-alerting/monitor-body';
import { activeExceptions } from '../sigma/exceptions';
import { defaultIndices } from '../detections/indices';
import { toQueryDsl } from '../sigma/compile/query-dsl';
import type { Rule } from '../detections/rule';
import { monitorsAndRules } from './opensearch-alerting/monitor-alerts';
import { readStoredRules } from './local/state';
import { ruleStates } from './rule-states';
import type { RuleState } from '../status/status';

/** A rule, and what it is to find as it is deployed. */
export interface DeployedQuery {
  readonly rule: Rule;
  /** One Query DSL clause, exceptions included. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly indices: readonly string[];
  /** How it is doing; null where it is not on the scheduler. */
  readonly state: RuleState | null;
}

type Query = Omit<DeployedQuery, 'state'>;

/*
 *   scheduler           | the rules, and their queries
 *   --------------------|------------------------------------------------
 *   local               | as they are stored
 *   opensearch-alerting | as the monitors hold them
 *   kibana, watcher     | as the content says, with the exceptions of today
 */
const QUERIES: Readonly<Record<Scheduler, (scope: Scope, content: Content, now: number) => Promise<Query[]>>> = {
  local: ({ cluster, namespace }) => readStoredRules(cluster, namespace),
  kibana: ofContent,
  watcher: ofContent,
  async 'opensearch-alerting'({ cluster, namespace }, { rules }) {
    const found = await monitorsAndRules(cluster, namespace, rules);
    return found.flatMap(({ found: { monitor }, rule }) =>
      rule === undefined
        ? []
        : [{ rule, query: queryOfMonitor(monitor) ?? toQueryDsl(rule), indices: indicesOf(monitor) }],
    );
  },
};

function ofContent({ namespace, indices }: Scope, { rules, exceptions = [] }: Content, now: number): Promise<Query[]> {
  return Promise.resolve(
    rules.map((rule) => {
      const query = toQueryDsl(rule, activeExceptions(exceptions, rule.slug, now));
      return { rule, query, indices: indices ?? defaultIndices(namespace) };
    }),
  );
}

/**
 * What the rules on the scheduler of a scope are to find.
 * @param now milliseconds since 1970
 */
export async function deployedQueries(scope: Scope, content: Content, now: number): Promise<DeployedQuery[]> {
  const { scheduler = 'local', namespace } = scope;
  const queries = await QUERIES[scheduler](scope, content, now);
  const states = await ruleStates(scope, now);
  return queries.map((each) => {
    const { uuid } = each.rule;
    const id = scheduler === 'kibana' ? kibanaRuleId(uuid, namespace) : uuid;
    return { ...each, state: states.find((state) => state.uuid === id) ?? null };
  });
}
