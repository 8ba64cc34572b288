import { askedOf } from '../doctor/roles';
import { requireVisible } from '../doctor/visibility';
import { errorLines, ProblemError, type Problem } from '../errors';
import { BackgroundDelivery } from '../notify/background';
import { deliverAlerts, deliveryLine, type Delivery } from '../notify/deliver';
import { checkMapping } from '../notify/queue';
import type { Settings } from '../settings';
import { escapeForTerminal } from '../text/escape';
import type { JsonRecord } from '../json';
import { runLine, runText, runLoopLines } from '../report/run-text';
import { clusterTimeOrOurs } from '../cluster/clock';
import { errorsOf, runEachRule, unknownRules } from '../schedulers/local/run-rules';
import { runLoop, type RunLoopOptions } from '../schedulers/local/run-loop';
import { blindSpotsJson } from '../report/blind-spot-text';
import type { Cluster } from '../cluster/cluster';
import { declare, settingsOf, clusterOf, type Context, type Outcome } from './command';
import { timeOf } from './flags';
import { noWebhook } from './notify';

export const runCommand = declare({
  positionals: {},
  options: {
    rule: {
      type: 'string',
      array: true,
      describe: 'only this rule: its id, name or file name; may be repeated',
    },
    from: { type: 'string', describe: 'run over event time from here on: 2026-01-31T08:00Z, now-24h' },
    to: { type: 'string', describe: 'run over event time up to here, exclusive' },
    notify: {
      type: 'boolean',
      describe: 'send new alerts to the webhooks of the settings; the default, but not with --from or --to',
    },
    'dry-run': { type: 'boolean', default: false, describe: 'find and count the same, and write nothing' },
    watch: {
      type: 'boolean',
      default: false,
      describe: 'run each rule in its own interval until Ctrl-C or SIGTERM; a line a window',
    },
  },
  examples: [
    ['$0 run --from now-7d --dry-run', 'what the rules would have found in a week'],
    ['$0 run --watch --output json', 'the local scheduler as a service: one JSON document a line'],
  ],
  run: async (context, argv) => {
    if (argv['dry-run'] && argv.notify === true) throw notifyBesideDryRun();
    if (argv.watch) refuseBesideWatch({ from: argv.from, to: argv.to, 'dry-run': argv['dry-run'] || undefined });
    const period = (now: number) => ({ from: timeOf('from', argv.from, now), to: timeOf('to', argv.to, now) });
    const { from, to } = period(0); // What is no time is refused before anything is asked of the cluster.
    const isDated = from !== undefined || to !== undefined;
    const notifies = !argv['dry-run'] && (argv.notify ?? !isDated);
    const settings = settingsOf(context, argv, { notify: notifies });
    if (argv.notify === true && settings.notify.length === 0) throw noWebhook();
    const cluster = await clusterOf(settings, context);
    await requireVisible(cluster, 'run', askedOf(settings), context.note);
    const { namespace, notify: webhooks } = settings;
    if (webhooks.length > 0) await checkWebhooks(context, cluster, settings);
    const options = { namespace, rules: argv.rule, webhooks };
    if (argv.watch) {
      return keepWatch(context, cluster, { ...options, signal: context.signal }, argv.output === 'json');
    }
    // `now` in them is the cluster's, as in all windows.
    const dated = isDated ? period(await clusterTimeOrOurs(cluster, settings.namespace)) : {};
    const result = await runEachRule(cluster, { ...options, ...dated, dryRun: argv['dry-run'] });
    const { rules, failures, unread, notified } = result;
    const errors = errorsOf(result);
    for (const { message } of unread) context.note(`warning: ${message}`);
    for (const error of errors) for (const line of errorLines(error)) context.note(line);
    const failed = failures.map(({ uuid, name, error: { code, problems } }) => ({ uuid, name, code, problems }));
    const dry = argv['dry-run'] ? '\nDry run: nothing was written.' : '';
    for (const delivery of notified ?? []) noteDelivery(context, delivery);
    const isSent = (notified ?? []).every(({ problem }) => problem === null);
    return {
      json: {
        rules,
        ...(notified !== undefined && { notified }),
        ...(failed.length > 0 && { failures: failed }),
        ...blindSpotsJson(unread),
      },
      text: `${runText(rules)}${dry}`,
      exit: errors[0]?.exitStatus ?? (isSent ? 0 : 1),
    };
  },
});

/** @throws ProblemError SETTINGS where deliveries cannot be recorded; a rule that is not stored is a warning, for rules come and go */
async function checkWebhooks(context: Context, cluster: Cluster, { namespace, notify }: Settings): Promise<void> {
  await checkMapping(cluster, namespace);
  for (const warning of await unknownRules(cluster, namespace, notify)) context.note(escapeForTerminal(warning));
}

function noteDelivery(context: Context, delivery: Delivery): void {
  const line = deliveryLine(delivery);
  if (line !== undefined) context.note(escapeForTerminal(line));
}

/** A watch reads what comes in, from now on; it has no period, and what it does not write it would find again each time. */
function refuseBesideWatch(flags: JsonRecord): void {
  const given = Object.keys(flags).filter((flag) => flags[flag] !== undefined);
  if (given.length === 0) return;
  const problems = given.map((flag): Problem => ({ message: `--watch and --${flag} do not go together` }));
  const hint = 'A watch runs the rules over what comes in from now on. Run without --watch for a period, or to try.';
  throw new ProblemError('USAGE', [...problems.slice(0, -1), { ...(problems.at(-1) as Problem), hint }]);
}

function notifyBesideDryRun(): ProblemError {
  return new ProblemError('USAGE', [{ message: '--dry-run and --notify do not go together: a dry run sends nothing' }]);
}

async function keepWatch(context: Context, cluster: Cluster, options: RunLoopOptions, json: boolean): Promise<Outcome> {
  const { namespace, webhooks = [] } = options;
  const sender = new BackgroundDelivery(async () => {
    try {
      for (const delivery of await deliverAlerts(cluster, { namespace, webhooks })) noteDelivery(context, delivery);
    } catch (error) {
      if (context.signal.aborted) return;
      for (const line of errorLines(error)) context.note(line);
    }
  });
  try {
    for await (const event of runLoop(cluster, options)) {
      if (event.kind === 'run') {
        context.print(json ? JSON.stringify(event.run) : runLine(event.run));
        if (webhooks.length > 0) sender.start();
      } else for (const line of runLoopLines(event)) context.note(line);
    }
  } finally {
    await sender.end();
  }
  return { json: undefined, text: '', exit: 130 };
}
