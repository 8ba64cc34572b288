import { join } from 'node:path';
import { startAttached } from '../engine/start-node';
import { describePlace, ProblemError, type ErrorCode } from '../errors';
import { createAll } from '../replay/bulk';
import { carried } from '../replay/event';
import { sourceOfText } from '../replay/recognise';
import { applyPlan } from '../plan/apply';
import { readAllContent } from '../resources/read-all-content';
import { makePlan } from '../plan/plan';
import { PROGRAM_FOLDER } from '../program';
import { plural } from '../text/plural';
import { testRulesJunit, testRulesText } from '../report/test-rules';
import type { Content } from '../resources/kind';
import { chosenRules, type Rule } from '../detections/rule';
import { readRuleTests, slugsOf, TESTS_FOLDER, type RuleTest } from '../testing/rule-tests';
import { readMatches } from '../cluster/search-all';
import { deployedSandbox, withSandbox, type Sandbox } from '../testing/sandbox';
import { judge, type Indexed, type Verdict } from '../testing/rule-verdict';
import type { Settings } from '../settings';
import { request, type Cluster } from '../cluster/cluster';
import { declare, settingsOf, clusterOf, type Context } from './command';
import { SCHEDULER_OPTIONS } from './scheduler';
import { liveRunner, localRunner, type Runner } from './test-runners';

export interface TestRulesOptions {
  /** UUIDs, names or slugs; all rules where not given. */
  readonly rules?: readonly string[] | undefined;
  /** What runs a rule; the local scheduler unless told. */
  readonly runner?: Runner | undefined;
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
  const runner = options.runner ?? localRunner;
  for (const rule of rules) {
    const about = { uuid: rule.uuid, name: rule.name, slug: rule.slug };
    const own = wanted.filter(({ test }) => test.slug === rule.slug);
    if (own.length === 0) verdicts.push(untested(about));
    const alerted = own.length === 0 ? new Map<string, string>() : await alertedBy(runner, sandbox, rule);
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
async function alertedBy(runner: Runner, sandbox: Sandbox, rule: Rule): Promise<ReadonlyMap<string, string> | string> {
  try {
    return await runner(sandbox, rule);
  } catch (error) {
    if (!(error instanceof ProblemError) || !OF_THE_RULE.has(error.code)) throw error;
    return `the rule could not run: ${error.message}`;
  }
}

function untested(rule: Verdict['rule']): Verdict {
  const reason = `the rule has no events: write rules/${TESTS_FOLDER}/${rule.slug}.yml`;
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
  const indices = [...new Set(items.map(({ stream }) => encodeURIComponent(stream)))];
  await request(cluster, { method: 'POST', path: `/${indices.join(',')}/_refresh`, allow: [404] });
  const refused = new Map<string, string>();
  outcomes.forEach((outcome, index) => {
    const id = items[index]?.id ?? '';
    if (outcome.result === 'refused') refused.set(id, `it was not indexed: ${outcome.reason}`);
  });
  return refused;
}

/** The documents as they were indexed, by id. */
async function readBack({ cluster, indexOf }: Sandbox, sent: readonly Sent[]): Promise<Map<string, Indexed>> {
  const found = new Map<string, Indexed>();
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

function outcome(indexed: Indexed | undefined): Indexed | string {
  if (indexed === undefined) return 'it is not in its index: a pipeline dropped it, or it was moved elsewhere';
  const { event, error } = indexed as { event?: { kind?: unknown }; error?: { message?: unknown } };
  return event?.kind === 'pipeline_error' ? `a pipeline failed on it: ${String(error?.message)}` : indexed;
}

export const testRulesCommand = declare({
  name: 'test [rules..]',
  describe: 'run each rule on its positive and negative events, end to end',
  positionals: {
    rules: { type: 'string', array: true, describe: 'ids, names or file names of rules; all unless given' },
  },
  options: {
    live: {
      type: 'boolean',
      default: false,
      describe: 'let the scheduler that the settings name run the rules, once and without saving them, not our own',
    },
    scheduler: { ...SCHEDULER_OPTIONS.scheduler, describe: 'of a live test: kibana, opensearch-alerting or watcher' },
    space: { type: 'string', describe: 'Kibana space in which a live test runs the rules' },
    report: { choices: ['text', 'junit'] as const, default: 'text' as const, describe: 'form of the text result' },
  },
  examples: [
    ['$0 test', 'all rules, on an embedded engine'],
    [
      '$0 test --es-url URL',
      'in a throw-away namespace of a cluster; what is deployed there is neither used nor changed',
    ],
    ['$0 test --live --es-url URL --kibana-url URL', "the same, with Kibana's Detection Engine running the rules"],
    ['$0 test --live --es-url URL --scheduler watcher', 'with Watcher; or opensearch-alerting'],
  ],
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const root = settings.content ?? PROGRAM_FOLDER;
    const content = readAllContent(root);
    const tests = readRuleTests(join(root, 'rules', TESTS_FOLDER), slugsOf(join(root, 'rules')));
    chosenRules(content.rules, argv.rules);
    context.progress(`testing ${plural(content.rules.length, 'rule')} …`);
    const runner = argv.live ? await liveRunner(context, settings, content) : undefined;
    const verdicts = await onGround(context, settings, content, (sandbox) =>
      testRules(sandbox, content, tests, { rules: argv.rules, runner }),
    );
    const count = (result: Verdict['result']): number => verdicts.filter((verdict) => verdict.result === result).length;
    const json = { passed: count('PASS'), failed: count('FAIL'), errors: count('ERROR'), results: verdicts };
    return {
      json,
      text: argv.report === 'junit' ? testRulesJunit(verdicts).trimEnd() : testRulesText(verdicts),
      exit: json.passed === verdicts.length ? 0 : 1,
    };
  },
});

/** On the cluster that the settings name; where they name none, deployed to an embedded engine that ends afterwards. */
async function onGround<T>(
  context: Context,
  settings: Settings,
  content: Content,
  use: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  if (settings.elasticsearch.url !== undefined) return withSandbox(await clusterOf(settings, context), content, use);
  const engine = await startAttached({ env: context.environment, say: context.progress, signal: context.signal });
  try {
    const cluster = await clusterOf({ ...settings, elasticsearch: { url: engine.url } }, context);
    return await use(await deployTo(cluster, content));
  } finally {
    await engine.stop();
  }
}

/**
 * Deploys everything to a cluster that is the test's own.
 * @throws ProblemError REFUSED with what the cluster did not take
 */
async function deployTo(cluster: Cluster, content: Content): Promise<Sandbox> {
  const scope = { cluster, namespace: 'default' };
  const plan = await makePlan(scope, content, { prune: false });
  const { problems } = await applyPlan(scope, plan, () => undefined);
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
  return deployedSandbox(cluster, scope.namespace);
}
