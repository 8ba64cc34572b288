import { startAttached } from '../engine/start-node';
import { chosenRules } from '../detections/rule';
import { ProblemError } from '../errors';
import { blindSpotsOf } from '../plan/blind-spots';
import { blindSpotLines, blindSpotsJson } from '../report/blind-spot-text';
import type { BlindSpot } from '../visibility/blind-spot';
import { testRulesJunit, testRulesText } from '../report/test-text';
import type { Content } from '../resources/kind';
import { connectForLiveTest } from '../schedulers';
import type { Scheduler } from '../schedulers/scheduler';
import type { Settings } from '../settings';
import { readRuleTests } from '../testing/rule-tests';
import { type Verdict, deployToSandbox, testRules } from '../testing/test-rules';
import { withSandbox, type Sandbox } from '../testing/sandbox';
import { plural } from '../text/plural';
import { clusterOf, declare, settingsOf, type Context } from './command';
import { readSettingsContent, SCHEDULER_OPTIONS } from './connections';

export const testRulesCommand = declare({
  positionals: {
    which: { type: 'string', array: true, describe: 'ids, names or file names of rules; all unless given' },
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
    const content = readSettingsContent(settings);
    const tests = readRuleTests({ rules: content.files, tests: content.tests });
    chosenRules(content.rules, argv.which);
    context.progress(`testing ${plural(content.rules.length, 'rule')} …`);
    const scheduler = argv.live ? await liveScheduler(context, settings) : undefined;
    const verdicts = await onGround(context, settings, content, (sandbox) =>
      testRules(sandbox, content, tests, { rules: argv.which, scheduler }),
    );
    const count = (result: Verdict['result']): number => verdicts.filter((verdict) => verdict.result === result).length;
    const spots = argv.live ? await liveBlindSpots(context, settings, content) : [];
    const json = {
      passed: count('PASS'),
      failed: count('FAIL'),
      errors: count('ERROR'),
      untested: count('UNTESTED'),
      results: verdicts,
      ...blindSpotsJson(spots),
    };
    return {
      json,
      text:
        argv.report === 'junit'
          ? testRulesJunit(verdicts).trimEnd()
          : [testRulesText(verdicts), ...blindSpotLines(spots)].join('\n'),
      exit: json.failed + json.errors === 0 && !spots.some(({ certain }) => certain) ? 0 : 1,
    };
  },
});

/**
 * The scheduler of a live test.
 * @throws ProblemError SETTINGS when it is not there, or no cluster is named that it reads the events from
 */
export async function liveScheduler(context: Context, settings: Settings): Promise<Scheduler> {
  const scheduler = await connectForLiveTest(settings, () => clusterOf(settings, context), context);
  if (settings.elasticsearch.url !== undefined) return scheduler;
  const message = 'a live test needs the cluster of that Kibana, for its events';
  const hint = 'Give --es-url URL, or set WMI_DETECTIONS_ES_URL.';
  throw new ProblemError('SETTINGS', [{ message, hint }]);
}

/** A live test has indices of its own: what the rules could not see in those that they are deployed for. */
async function liveBlindSpots(context: Context, settings: Settings, content: Content): Promise<readonly BlindSpot[]> {
  const { namespace, indices } = settings;
  const cluster = await clusterOf(settings, context);
  return blindSpotsOf({ cluster, namespace, indices, now: Date.now() }, content);
}

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
    return await use(await deployToSandbox(cluster, content));
  } finally {
    await engine.stop();
  }
}
