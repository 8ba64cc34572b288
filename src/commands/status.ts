import { ProblemError, type ExitStatus } from '../errors';
import { readingsOf, storedQueries, visibilityOf, type ListedReading } from '../plan/blind-spots';
import type { Deployment } from '../plan/deployment';
import { statusText } from '../report/status-text';
import type { Content } from '../resources/kind';
import { DATASETS } from '../detections/indices';
import { clusterTime } from '../cluster/clock';
import { toIso } from '../text/time';
import { attentionOf, BLIND_SHARE } from '../status/attention';
import { readSource, type Source } from '../status/source';
import { readUndelivered } from '../status/undelivered';
import type { Execution, RuleState } from '../schedulers/deployed-rule';
import type { ContentState, SourceState, Status } from '../status/status';
import { parseDuration } from '../text/duration';
import { declare, settingsOf } from './command';
import { contentOf, deploymentOf, SCHEDULER_OPTIONS } from './connections';

export interface StatusOptions {
  /** How far back the counts of the sources go, in milliseconds. */
  readonly span: number;
  /** A rule that is blind on more than this share (0 to 1) of a source needs attention. */
  readonly blindShare?: number;
  /** Whether the scheduler runs each rule once, where it does not report its runs; no alert is stored. */
  readonly tryRules?: boolean;
}

/**
 * How things stand: content against the cluster, rules and their runs, and for each source what arrives and what the rules
 * cannot see of it. Nothing is changed. What was never deployed, or has no events yet, is an answer and no error.
 * @throws ProblemError when the cluster cannot be read
 */
export async function status(deployment: Deployment, content: Content, options: StatusOptions): Promise<Status> {
  const { cluster, namespace, scheduler } = deployment;
  const stored = await storedQueries(deployment);
  const now = stored.length === 0 ? deployment.now : await clusterTime(cluster, namespace);
  const since = now - options.span;
  const readings = readingsOf(deployment, content, stored);
  const { spots, fields } = await visibilityOf(deployment, readings);
  const sources: SourceState[] = [];
  // One after the other: a question by a person must not crowd out what the cluster is there for.
  for (const source of sourcesOf(namespace, readings))
    sources.push(await readSource(cluster, { ...source, fields }, since));
  const found = {
    content: await contentState(deployment, content),
    stopped: await scheduler.switchedOff(deployment),
    limits: (await scheduler.limits?.(deployment)) ?? [],
    rules: await ruleStates(deployment, now, options),
    sources,
    blindSpots: spots,
    undelivered: await readUndelivered(cluster, namespace, now),
  };
  return {
    cluster: { url: cluster.url, product: cluster.product, version: cluster.version },
    namespace,
    now: toIso(now),
    since: toIso(since),
    ...found,
    attention: attentionOf(found, options.blindShare ?? BLIND_SHARE),
  };
}

/** With `tryRules`, each rule that runs has just been tried, where its scheduler can do that. */
async function ruleStates(deployment: Deployment, now: number, { tryRules }: StatusOptions): Promise<RuleState[]> {
  const { scheduler } = deployment;
  const states = await scheduler.ruleStates(deployment, now);
  const tried = tryRules === true ? await scheduler.tryDeployed?.(deployment) : undefined;
  return states.map((state) => {
    const failure = tried?.get(state.uuid);
    if (failure === undefined) return state;
    const known = { ...state, runsUnknown: undefined };
    if (failure !== null) return { ...known, execution: { ...trialAt(now, 'failed'), message: failure } };
    return { ...known, execution: state.execution ?? trialAt(now, 'succeeded') };
  });
}

function trialAt(now: number, result: string): Execution {
  return { at: toIso(now), result, message: '', gap: 0 };
}

/** Every index or pattern that a rule reads, with those rules. */
function sourcesOf(namespace: string, readings: readonly ListedReading[]): Omit<Source, 'fields'>[] {
  const patterns = new Set(readings.flatMap((each) => each.indices));
  const read = [...patterns].map((pattern) => ({
    pattern,
    readings: readings.filter((each) => each.indices.includes(pattern)),
  }));
  return [...read, { pattern: `logs-${DATASETS.unrecognised}-${namespace}`, readings: [] }];
}

async function contentState(deployment: Deployment, content: Content): Promise<ContentState> {
  const { steps, counts, leftovers } = await deployment.plan(content, { prune: false });
  const changes = steps.map(({ change: { kind, id, action, diff }, edited = false }) => {
    return { kind, id, action, edited, diff };
  });
  return { inSync: changes.length === 0, counts, changes, leftovers: leftovers.length };
}

export const statusCommand = declare({
  interrupted: 'nothing was changed',
  positionals: {},
  options: {
    ...SCHEDULER_OPTIONS,
    space: { type: 'string', describe: 'Kibana space whose rules are shown; several with commas between them' },
    since: { type: 'string', default: '24h', describe: 'count what arrived in the last 30m, 24h, 7d …' },
    'max-blind': {
      type: 'number',
      default: BLIND_SHARE * 100,
      describe: 'percent of a source on which a rule may be blind before it needs attention',
    },
    'try-rules': {
      type: 'boolean',
      default: false,
      describe: 'have OpenSearch Alerting run each monitor once without storing an alert, and show whether that works',
    },
    'exit-code': { type: 'boolean', default: false, describe: 'exit with 1 when something needs attention' },
  },
  examples: [['$0 status --exit-code --output json', 'for monitoring: "attention" says what is wrong']],
  run: async (context, argv) => {
    const options = { span: spanOf(argv.since), blindShare: shareOf(argv['max-blind']), tryRules: argv['try-rules'] };
    const settings = settingsOf(context, argv);
    const content = contentOf(settings, context);
    const found = await status(await deploymentOf(settings, context, 'status'), content, options);
    const exit: ExitStatus = argv['exit-code'] && found.attention.length > 0 ? 1 : 0;
    return { json: found, text: statusText(found), exit };
  },
});

function spanOf(text: string): number {
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  const hint = 'Write how far back: 30m, 24h, 7d.';
  throw new ProblemError('USAGE', [{ message: `--since ${JSON.stringify(text)} is no span of time`, hint }]);
}

function shareOf(percent: number): number {
  if (percent >= 0 && percent <= 100) return percent / 100;
  throw new ProblemError('USAGE', [
    { message: `--max-blind ${percent} is no percentage`, hint: 'Write a number from 0 to 100.' },
  ]);
}
