import { deploy, type Deployed } from '../../src/plan/deploy';
import { ProblemError } from '../../src/errors';
import { planFrom, type Plan } from '../../src/plan/plan';
import { schedulersBeside } from '../../src/plan/guard';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import type { SchedulerName } from '../../src/settings';
import type { Rule } from '../../src/detections/rule';
import { readWatermark } from '../../src/schedulers/local/state';
import type { Cluster } from '../../src/cluster/cluster';
import { alertingDataset, planMonitors, type AlertingDataset } from './alerting-dataset';
import { quiet } from './context';
import { planKibana, kibanaDeployment } from './kibana-dataset';
import { contentWith } from './content';
import type { KibanaServer } from './kibana-server';
import { dataset, wmiChild, type Dataset, type Event } from './dataset';
import { planWatches, watcherDeployment } from './watcher-dataset';
import type { WatcherServer } from './watcher-server';

const MINUTE = 60_000;

/** The servers of the test that runs; a scheduler whose server is missing is not moved to. */
export interface MoveServers {
  readonly kibana?: () => KibanaServer;
  readonly watcher?: () => WatcherServer;
}

/** Where one test moves its rule: a namespace of its own in which the local scheduler has the rule, and the schedulers. */
export interface Place {
  readonly here: Dataset;
  readonly servers: MoveServers;
  /** The plugin in front of the node, started when it is first used. */
  readonly monitors: () => Promise<AlertingDataset>;
  /** The deployment of the last move. */
  deployment?: Deployment;
  /** Where the last run before the moves ended. */
  watermark?: ReturnType<typeof Date.now> | undefined;
  /** Another way to the node for the moves from now on. */
  cluster?: Cluster | undefined;
  close?: () => void;
}

/** One move of the rule, and what comes of it. */
export interface Move {
  readonly to: SchedulerName;
  readonly arrange?: (place: Place) => unknown;
  /** What the content has in place of the rule; the rule as it is deployed where not given. */
  readonly rule?: (rule: Rule) => Rule;
  readonly content?: (rule: Rule) => Content;
  readonly yes?: boolean;
  /** Its steps. */
  readonly done?: readonly string[];
  /** A pattern of the message, or the messages of all problems. */
  readonly refused?: RegExp | ((rule: Rule) => readonly string[]);
  /** The code of what ended the move halfway; undefined where it must not have ended so. */
  readonly halfway?: string | undefined;
  /** The other schedulers that have the rule afterwards. */
  readonly others?: readonly SchedulerName[];
  readonly check?: (place: Place) => unknown;
}

export interface Row {
  readonly title: string;
  readonly moves: readonly Move[];
}

const PLANS: Readonly<Record<SchedulerName, (deployment: Deployment, content: Content) => Promise<Plan>>> = {
  kibana: planKibana,
  'opensearch-alerting': planMonitors,
  watcher: planWatches,
  local: planOfRule,
};

/** The plan of the rules alone. */
async function planOfRule(deployment: Deployment, content: Content): Promise<Plan> {
  const { steps, counts } = await deployment.plan(content, { prune: false });
  return planFrom(
    steps.filter(({ kind }) => kind.name === 'detection_rule'),
    counts.unchanged,
    [],
  );
}

export async function placeOfRule(servers: MoveServers): Promise<Place> {
  const here = await dataset();
  let monitors: Promise<AlertingDataset> | undefined;
  return { here, servers, monitors: () => (monitors ??= alertingDataset({ namespace: here.namespace })) };
}

/** The deployment of a move to a scheduler. To the local one the rule moves from where the last move took it. */
async function scopeTo(to: SchedulerName, place: Place): Promise<Deployment> {
  const { namespace } = place.here;
  const { kibana, watcher } = place.servers;
  if (to === 'opensearch-alerting') return (await place.monitors()).deployment;
  if (to === 'watcher' && watcher !== undefined) return watcherDeployment(watcher(), namespace);
  const before = place.deployment;
  if (to === 'local') {
    if (before === undefined) throw new Error('the rule is on the local scheduler already');
    return before.with({ scheduler: 'local' });
  }
  if (kibana === undefined) throw new Error(`the test has no server of ${to}`);
  const deployment = await kibanaDeployment(kibana(), { namespace });
  const cluster =
    place.cluster ?? (before?.scheduler.name === 'opensearch-alerting' ? before.cluster : deployment.cluster);
  return deployment.with({ cluster });
}

/** Moves the rule once and checks what comes of it. */
export async function runMove(place: Place, move: Move): Promise<void> {
  await move.arrange?.(place);
  const rule = move.rule?.(place.here.rule) ?? place.here.rule;
  const content = move.content?.(rule) ?? contentWith([rule]);
  const deployment = await scopeTo(move.to, place);
  const attempt = async (): Promise<Deployed> => {
    // Content without the rule is refused because of the rule that is deployed: the plan is that of the rule.
    const planned = move.to === 'local' ? contentWith([rule]) : content;
    const plan = await PLANS[move.to](deployment, planned);
    return deploy(deployment, plan, quiet(), { yes: move.yes ?? false, move: { content, prune: false } });
  };
  if (move.refused === undefined) {
    const moved = await attempt();
    place.deployment = deployment;
    if (move.done !== undefined) expect(done(moved)).toEqual(move.done);
    if ('halfway' in move) expect(moved.unfinishedMove?.because?.code).toBe(move.halfway);
  } else {
    const error: unknown = await attempt().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProblemError);
    const messages = (error as ProblemError).problems.map(({ message }) => message);
    if (typeof move.refused === 'function') expect(messages).toEqual(move.refused(place.here.rule));
    else expect(messages[0]).toMatch(move.refused);
  }
  if (move.others !== undefined) expect(await schedulersWithRule(deployment)).toEqual(move.others);
  await move.check?.(place);
}

/** Runs the moves of a row, one after the other, in a namespace of its own. */
export async function runRow({ moves }: Row, servers: MoveServers): Promise<void> {
  const place = await placeOfRule(servers);
  try {
    for (const move of moves) await runMove(place, move);
  } finally {
    place.close?.();
  }
}

export function done({ applied }: Deployed): string[] {
  return applied.changes.map(({ action, kind, status }) => `${action} ${kind}: ${status}`);
}

/** The schedulers beside that of the deployment that have the rule. */
export async function schedulersWithRule(deployment: Deployment): Promise<string[]> {
  return (await schedulersBeside(deployment)).map(({ scheduler }) => scheduler);
}

export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}

/** An event that alerts, by its command line, and that came in that many minutes ago. */
export function cameIn(id: string, minutes: number): Event {
  return wmiChild(id, { 'event.ingested': ago(minutes), 'process.command_line': id });
}

/** A run of the local scheduler 29 minutes ago: what came in since is for the next one. */
export async function ranBefore(place: Place): Promise<void> {
  const { here } = place;
  await here.run({ now: () => Date.now() - 29 * MINUTE });
  place.watermark = (await readWatermark(here.cluster, here.namespace, here.rule.uuid))?.at;
}

export function commandLines(alerts: readonly object[]): unknown[] {
  return (alerts as { process?: { command_line?: string } }[]).map(({ process }) => process?.command_line).sort();
}
