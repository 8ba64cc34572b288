import type { Cluster } from '../cluster/cluster';
import { readMatches } from '../cluster/search-all';
import { chosenRules, type Rule } from '../detections/rule';
import { describePlace, ProblemError, type ErrorCode } from '../errors';
import { Deployment } from '../plan/deployment';
import { createAll } from '../replay/bulk';
import { carried } from '../replay/event';
import { sourceOfText } from '../replay/recognise';
import type { Content } from '../resources/kind';
import { SCHEDULERS } from '../schedulers';
import type { Scheduler } from '../schedulers/scheduler';
import { RESERVED } from '../content/rule-folder';
import type { RuleTest } from './rule-tests';
import { deployedSandbox, type Sandbox } from './sandbox';
import { fieldsOf, type Condition } from '../sigma/condition';
import { valueAt, type JsonRecord } from '../json';

interface TestRulesOptions {
  /** UUIDs, names or slugs; all rules where not given. */
  readonly rules?: readonly string[] | undefined;
  /** What runs the rules; the local scheduler where not given. */
  readonly scheduler?: Scheduler | undefined;
}

/**
 * Runs the events of rules end to end on a sandbox: sends them through the pipelines, runs the rules, and looks which events the alerts name.
 * @param tests as `readRuleTests` gives them; a rule that has none is an ERROR of its own
 * @returns a verdict an event, rule by rule and in the order of the files
 * @throws ProblemError USAGE for a rule that is not there; whatever keeps the cluster from taking events
 */
export async function testRules(
  sandbox: Sandbox,
  content: Content,
  tests: readonly RuleTest[],
  options: TestRulesOptions = {},
): Promise<Verdict[]> {
  const rules = chosenRules(content.rules, options.rules);
  const sent = tests.map((test, index) => ({ test, id: `${test.slug}-${index + 1}` }));
  const wanted = sent.filter(({ test }) => rules.some(({ slug }) => slug === test.slug));
  const refused = await send(sandbox, wanted);
  const indexed = await readBack(sandbox, wanted);
  const verdicts: Verdict[] = [];
  const scheduler = options.scheduler ?? SCHEDULERS.local;
  for (const rule of rules) {
    const about = { uuid: rule.uuid, name: rule.name, slug: rule.slug };
    const own = wanted.filter(({ test }) => test.slug === rule.slug);
    if (own.length === 0) verdicts.push(untested(about));
    const alerted = own.length === 0 ? new Map<string, string>() : await alertedBy(scheduler, sandbox, rule, content);
    for (const { test, id } of own) {
      const state = misdirected(test) ?? refused.get(id) ?? outcome(indexed.get(id));
      const judged =
        typeof alerted === 'string'
          ? { result: 'ERROR' as const, reason: alerted }
          : judge(rule, test, state, alerted.get(id));
      const { name, source, expected } = test;
      verdicts.push({ rule: about, name, source, expected, ...judged, where: describePlace(test.place) });
    }
  }
  return verdicts;
}

/** A rule that cannot be said there, or is not taken, is an error of its own; whatever else goes wrong ends the test. */
const OF_THE_RULE: ReadonlySet<ErrorCode> = new Set(['REFUSED', 'RULE_INVALID']);

/** @returns why the rule could not run, where it could not */
async function alertedBy(
  scheduler: Scheduler,
  sandbox: Sandbox,
  rule: Rule,
  content: Content,
): Promise<ReadonlyMap<string, string> | string> {
  try {
    return await scheduler.tryRule(sandbox, rule, content);
  } catch (error) {
    if (!(error instanceof ProblemError) || !OF_THE_RULE.has(error.code)) throw error;
    return `the rule could not run: ${error.message}`;
  }
}

function untested(rule: Verdict['rule']): Verdict {
  const reason = `the rule has no events: write rules/${RESERVED.tests}/${rule.slug}.yml`;
  return { rule, name: '(none)', source: null, expected: null, result: 'ERROR', reason, where: null };
}

interface Sent {
  readonly test: RuleTest;
  readonly id: string;
}

/** @returns why events were not indexed, by id */
async function send({ cluster, indexOf }: Sandbox, sent: readonly Sent[]): Promise<Map<string, string>> {
  const items = sent.map(({ test: { event, source }, id }) => ({
    stream: indexOf(source),
    id,
    document: typeof event === 'string' ? carried(event, source).document : JSON.stringify(event),
  }));
  if (items.length === 0) return new Map();
  const outcomes = await createAll(cluster, items);
  const indices = [...new Set(items.map(({ stream }) => stream))];
  await cluster.client.indices.refresh({ index: indices }, { ignore: [404] });
  const refused = new Map<string, string>();
  outcomes.forEach((outcome, index) => {
    const id = items[index]?.id ?? '';
    if (outcome.result === 'refused') refused.set(id, `it was not indexed: ${outcome.reason}`);
  });
  return refused;
}

/** The documents as they were indexed, by id. */
async function readBack({ cluster, indexOf }: Sandbox, sent: readonly Sent[]): Promise<Map<string, JsonRecord>> {
  const found = new Map<string, JsonRecord>();
  if (sent.length === 0) return found;
  const indices = [...new Set(sent.map(({ test }) => indexOf(test.source)))];
  const query = { ids: { values: sent.map(({ id }) => id) } };
  for await (const hits of readMatches(cluster, { indices, query })) {
    for (const hit of hits) found.set(hit._id, hit._source ?? {});
  }
  return found;
}

/** An event under the wrong source would pass as a negative one whatever the rule says. */
function misdirected({ event, source }: RuleTest): string | undefined {
  const recognised = sourceOfText(typeof event === 'string' ? event : JSON.stringify(event));
  return recognised === source ? undefined : `it is an event of source ${recognised}, and not of ${source}`;
}

function outcome(indexed: JsonRecord | undefined): JsonRecord | string {
  if (indexed === undefined) return 'it is not in its index: a pipeline dropped it, or it was moved elsewhere';
  const { event, error } = indexed as { event?: { kind?: unknown }; error?: { message?: unknown } };
  return event?.kind === 'pipeline_error' ? `a pipeline failed on it: ${String(error?.message)}` : indexed;
}

/**
 * Deploys everything to a cluster that is the test's own.
 * @throws ProblemError REFUSED with what the cluster did not take
 */
export async function deployToSandbox(cluster: Cluster, content: Content): Promise<Sandbox> {
  const scope = { cluster, namespace: 'default', now: Date.now() };
  const deployment = new Deployment(scope, SCHEDULERS, 'local');
  const { problems } = await deployment.apply(await deployment.plan(content, { prune: false }));
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
  return deployedSandbox(cluster, scope.namespace);
}

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
/**
 * Judges one event.
 * @param indexed what became of it; a text when it was not indexed, or a pipeline failed on it
 * @param message of the alert that names it among its events; undefined when there is none
 */
function judge(
  rule: Rule,
  test: RuleTest,
  indexed: JsonRecord | string,
  message: string | undefined,
): Pick<Verdict, 'result' | 'reason'> {
  if (typeof indexed === 'string') return { result: 'ERROR', reason: indexed };
  const alerted = message !== undefined;
  if (alerted === (test.expected === 'alert')) return { result: 'PASS', reason: null };
  const seen = `it was indexed with ${seenBy(rule.condition, indexed)}`;
  return { result: 'FAIL', reason: alerted ? `it alerts: ${message}; ${seen}` : `it does not alert; ${seen}` };
}

/** The fields at which every rule or this one looks, with what the pipelines put there. */
function seenBy(condition: Condition, indexed: JsonRecord): string {
  const fields = new Set(['event.category', 'event.type', ...fieldsOf(condition)]);
  return [...fields].map((field) => `${field} ${shown(valueAt(indexed, field.split('.')))}`).join(', ');
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
