import { ProblemError, type Problem } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import { serverReason } from '../../cluster/failure';
import { type Cluster } from '../../cluster/cluster';
import type { Content } from '../../resources/kind';
import { untyped } from '../../cluster/untyped';
import { recordsOf } from '../../lists';
import { desiredWatch } from './watch-body';
import { toIso } from '../../text/time';
import { activeExceptions } from '../../sigma/exceptions';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import type { Rule } from '../../detections/rule';
import { clusterTime } from '../../cluster/clock';
import { eventsOfGroups } from '../group-summary';
import { CLOCK_TOLERANCE, type Trial } from '../scheduler';

const PATH = '/_watcher/watch/_execute';

/** An event that no rule asks for, as the search of a watch would give it. */
const MADE_UP: JsonRecord = {
  known: { hits: { hits: [] } },
  found: {
    timed_out: false,
    _shards: { failed: 0 },
    aggregations: {
      groups: {
        buckets: [
          {
            key: { group: 'a made-up group' },
            doc_count: 1,
            start: { value: 0 },
            end: { value: 0 },
            start_ingested: { value: null },
            end_ingested: { value: null },
            first: { hits: { hits: [{ _source: { host: { name: 'made-up' }, process: { pid: 4 } } }] } },
            events: { hits: { hits: [{ _index: 'made-up', _id: '1' }] } },
          },
        ],
      },
    },
  },
};

/**
 * Has the server run a watch that is not stored, its actions simulated: once on what is there, which tries the search and
 * the condition, and once on a made-up event, which tries the rest. Nothing is written.
 * @throws ProblemError REFUSED with everything that failed, in the server's words
 */
export async function checkWatch(cluster: Cluster, watch: JsonRecord): Promise<void> {
  for (const given of [{}, { alternative_input: MADE_UP }]) await simulateWatch(cluster, watch, given);
}

/**
 * Has the server run a watch that is not stored, its actions simulated.
 * @param given what else the run is given: `trigger_data`, or an `alternative_input`, on which the watch must act
 * @returns the record of the run
 * @throws ProblemError REFUSED with everything that failed, in the server's words
 */
async function simulateWatch(cluster: Cluster, watch: JsonRecord, given: JsonRecord): Promise<JsonRecord> {
  const answer = await cluster.client.watcher.executeWatch({
    body: untyped({ watch, action_modes: { _all: 'simulate' }, ...given }),
  });
  const record: unknown = answer.watch_record;
  const found = isRecord(record) ? record : {};
  const problems = failuresOf(found, 'alternative_input' in given).map((message) => problem(cluster, message));
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
  return found;
}

function problem({ url }: Cluster, message: string): Problem {
  const hint = 'The watch was tried with its actions simulated, and was not stored.';
  return { where: { url: `${url}${PATH}`, method: 'PUT' }, message: `the watch does not run: ${message}`, hint };
}

/** What the record of a run tells of failures: of each part, and of the run. */
function failuresOf({ result, state, messages }: JsonRecord, mustAct: boolean): string[] {
  const { actions, ...parts } = isRecord(result) ? result : ({} as JsonRecord);
  const acted = recordsOf(actions);
  const failures = [...failedParts(parts), ...failedActions(acted, mustAct)];
  if (failures.length > 0) return failures;
  if (state !== 'executed' && (mustAct || state !== 'execution_not_needed')) {
    const details = Array.isArray(messages) && messages.length > 0 ? `: ${messages.join('; ')}` : '';
    return [`it ended as ${JSON.stringify(state)}${details}`];
  }
  return mustAct && acted.length === 0 ? ['no action was tried'] : [];
}

function failedParts({ input, condition, transform }: JsonRecord): string[] {
  // A search that fails does not fail its chain.
  const searches = Object.entries(isRecord(input) && isRecord(input.chain) ? input.chain : {});
  const named = searches.map(([name, search]): [string, unknown] => [`search ${name}`, search]);
  return [...named, ...Object.entries({ input, condition, transform })].flatMap(([name, part]) =>
    isRecord(part) && part.status === 'failure' ? [`${name}: ${reasonOf(part)}`] : [],
  );
}

/** Of what is there, an action may have nothing to write: its condition is not met. */
function failedActions(actions: readonly JsonRecord[], mustAct: boolean): string[] {
  const failures = mustAct ? ['failure', 'partial_failure', 'condition_failed'] : ['failure', 'partial_failure'];
  return actions
    .filter(({ status }) => failures.includes(String(status)))
    .map((action) => `action ${String(action.id)}: ${reasonOf(action)}`);
}

function reasonOf(part: JsonRecord): string {
  return typeof part.reason === 'string' ? part.reason : serverReason(part);
}

/**
 * Lets Watcher run the watch of a rule once over the events of a sandbox: the watch is not stored, and its actions are
 * simulated. The alerts are those that it would write.
 * @returns what the alert says of each event that would have one, by the event's id
 * @throws ProblemError REFUSED when the watch does not run, or did not see everything
 */
export async function tryWatch(
  { cluster, namespace, events: indices }: Trial,
  rule: Rule,
  content: Content,
): Promise<Map<string, string>> {
  const now = await clusterTime(cluster, namespace);
  const watch = desiredWatch(rule, { namespace, indices, now }, content).body;
  // A run leaves out what came in last, because it may not be seen yet: here everything is.
  const { result } = await simulateWatch(cluster, watch, {
    trigger_data: { scheduled_time: toIso(now + 2 * CLOCK_TOLERANCE) },
  });
  const alerts = alertsOf(isRecord(result) ? result : {});
  const gap = alerts.find(({ wmi_detections: ours }) => isRecord(ours) && ours.count === 0);
  if (gap !== undefined) throw new ProblemError('REFUSED', [{ message: String(gap.message) }]);
  const messages = new Map(alerts.map(({ _id: id, message }) => [String(id), String(message)]));
  const query = toQueryDsl(rule, activeExceptions(content.exceptions ?? [], rule.slug, now));
  return eventsOfGroups(cluster, { rule, query, indices }, messages);
}

/** The documents that the transform made; none where the condition was not met. */
function alertsOf({ transform }: JsonRecord): readonly JsonRecord[] {
  const payload = isRecord(transform) ? transform.payload : undefined;
  return isRecord(payload) ? recordsOf(payload._doc) : [];
}
