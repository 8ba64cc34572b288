import { isRecord } from '../json';
import { ruleBody } from '../resources/kibana-rule-body';
import { fieldTypes } from '../resources/kibana-rule';
import type { Body, Content } from '../resources/kind';
import { activeExceptions } from '../rules/exceptions';
import type { Rule } from '../rules/rule';
import type { Kibana } from '../target/kibana';
import { request } from '../target/target';
import { clusterTime } from './clock';
import { readMatches, type Hit } from './matches';
import type { ProvingGround } from './proving-ground';

/** How far into the future a preview looks, in milliseconds: Kibana's clock may be behind that of the cluster. */
const AHEAD = 60_000;

interface Previewed {
  readonly previewId?: string;
  readonly isAborted?: boolean;
  readonly logs: readonly { readonly errors?: readonly string[] }[];
}

/**
 * Lets Kibana run a rule once over the events of a proving ground, without saving the rule. The alerts go where Kibana keeps
 * those of its own previews, and from there they are read.
 *
 * All exceptions are part of the query, as they are in rules of the other schedulers: an exception list would have to be saved.
 * @param events the indices that the rule is to read
 * @returns what the alert says of each event that has one, by the event's id; why the rule could not run, else
 * @throws ProblemError RULE_INVALID when the rule cannot be said in the language of its type, FORBIDDEN without the right to read
 *   previews
 */
export async function previewed(
  { target, namespace }: ProvingGround,
  { kibana, space, events }: { kibana: Kibana; space: string; events: readonly string[] },
  rule: Rule,
  content: Content,
): Promise<ReadonlyMap<string, string> | string> {
  const now = await clusterTime(target, namespace);
  const compiled = activeExceptions(content.exceptions ?? [], rule.slug, now);
  const body = ruleBody(rule, { namespace, indices: events, types: fieldTypes(content), compiled, lists: [] });
  if (body.type !== 'eql') return `its alerts in Kibana name no events, because it is of type ${String(body.type)}`;
  const run = { invocationCount: 1, timeframeEnd: new Date(now + AHEAD).toISOString() };
  const { body: answer } = await kibana.ask<Previewed>({
    method: 'POST',
    path: '/api/detection_engine/rules/preview',
    space,
    // Nobody is to be told of a test.
    body: { ...body, actions: [], ...run },
  });
  const errors = answer.logs.flatMap(({ errors: said = [] }) => said);
  if (errors.length > 0) return `Kibana could not run it: ${errors.join('; ')}`;
  if (answer.isAborted === true || answer.previewId === undefined) return 'Kibana did not finish running it';

  const index = `.preview.alerts-security.alerts-${space}`;
  await request(target, { method: 'POST', path: `/${index}/_refresh`, allow: [403, 404] });
  const query = { term: { 'kibana.alert.rule.uuid': answer.previewId } };
  const found = new Map<string, string>();
  for await (const hits of readMatches(target, { indices: [index], query })) {
    for (const hit of hits) for (const id of eventsOf(hit)) found.set(id, reasonOf(hit));
  }
  return found;
}

/** The ids of the events that an alert was made of. */
function eventsOf({ _source: source = {} }: Hit): string[] {
  const ancestors = source['kibana.alert.ancestors'];
  return (Array.isArray(ancestors) ? ancestors : []).filter(isRecord).map(({ id }: Body) => String(id));
}

function reasonOf({ _source: source = {} }: Hit): string {
  const reason = source['kibana.alert.reason'];
  return typeof reason === 'string' ? reason : 'Kibana gives no reason';
}
