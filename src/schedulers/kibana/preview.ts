import type { Hit } from '../../detections/group';
import { ProblemError } from '../../errors';
import { ruleBody } from './rule-body';
import { fieldTypes } from './kibana-rule-kind';
import type { Content } from '../../resources/kind';
import { activeExceptions } from '../../sigma/exceptions';
import type { Rule } from '../../detections/rule';
import type { Kibana } from '../../cluster/kibana';
import { clusterTime } from '../../cluster/clock';
import { readMatches } from '../../cluster/search-all';
import { CLOCK_TOLERANCE, type Trial } from '../scheduler';
import { recordsOf } from '../../lists';

interface Previewed {
  readonly previewId?: string;
  readonly isAborted?: boolean;
  readonly logs: readonly { readonly errors?: readonly string[] }[];
}

/**
 * Lets Kibana run a rule once over the events of a sandbox, without saving the rule. The alerts go where Kibana keeps
 * those of its own previews, and from there they are read.
 *
 * All exceptions are part of the query, as they are in rules of the other schedulers: an exception list would have to be saved.
 * @returns what the alert says of each event that has one, by the event's id
 * @throws ProblemError REFUSED when Kibana could not run it, RULE_INVALID when the rule cannot be said in the language of its type,
 *   FORBIDDEN without the right to read previews
 */
export async function previewRule(
  { cluster, namespace, events }: Trial,
  { kibana, space }: { kibana: Kibana; space: string },
  rule: Rule,
  content: Content,
): Promise<ReadonlyMap<string, string>> {
  const now = await clusterTime(cluster, namespace);
  const compiled = activeExceptions(content.exceptions ?? [], rule.slug, now);
  const body = ruleBody(rule, { namespace, indices: events, types: fieldTypes(content), compiled, lists: [] });
  if (body.type !== 'eql')
    throw refused(`its alerts in Kibana name no events, because it is of type ${String(body.type)}`);
  const run = { invocationCount: 1, timeframeEnd: new Date(now + CLOCK_TOLERANCE).toISOString() };
  const { body: answer } = await kibana.ask<Previewed>({
    method: 'POST',
    path: '/api/detection_engine/rules/preview',
    space,
    // Nobody is to be told of a test.
    body: { ...body, actions: [], ...run },
  });
  const errors = answer.logs.flatMap(({ errors: messages = [] }) => messages);
  if (errors.length > 0) throw refused(`Kibana says: ${errors.join('; ')}`);
  if (answer.isAborted === true || answer.previewId === undefined) throw refused('Kibana did not finish');

  const index = `.preview.alerts-security.alerts-${space}`;
  await cluster.client.indices.refresh({ index }, { ignore: [403, 404] });
  const query = { term: { 'kibana.alert.rule.uuid': answer.previewId } };
  const found = new Map<string, string>();
  for await (const hits of readMatches(cluster, { indices: [index], query })) {
    for (const hit of hits) for (const id of eventsOf(hit)) found.set(id, reasonOf(hit));
  }
  return found;
}

function refused(message: string): ProblemError {
  return new ProblemError('REFUSED', [{ message }]);
}

/** The ids of the events that an alert was made of. */
function eventsOf({ _source: source = {} }: Hit): string[] {
  const ancestors = source['kibana.alert.ancestors'];
  return recordsOf(ancestors).map(({ id }) => String(id));
}

function reasonOf({ _source: source = {} }: Hit): string {
  const reason = source['kibana.alert.reason'];
  return typeof reason === 'string' ? reason : 'Kibana gives no reason';
}
