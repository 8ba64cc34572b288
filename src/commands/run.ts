import type { JsonRecord } from '../json';
import { errorLines, ProblemError, type Problem } from '../errors';
import { runLine, runText, runLoopLines } from '../report/run-text';
import { clusterTimeOrOurs } from '../cluster/clock';
import { runEachRule } from '../schedulers/local/run-rules';
import { runLoop, type RunLoopOptions } from '../schedulers/local/run-loop';
import { blindSpotsJson } from '../report/blind-spot-text';
import type { Cluster } from '../cluster/cluster';
import { declare, settingsOf, clusterOf, type Context, type Outcome } from './command';
import { timeOf } from './flags';

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
    if (argv.watch) refuseBesideWatch({ from: argv.from, to: argv.to, 'dry-run': argv['dry-run'] || undefined });
    const period = (now: number) => ({ from: timeOf('from', argv.from, now), to: timeOf('to', argv.to, now) });
    const { from, to } = period(0); // What is no time is refused before anything is asked of the cluster.
    const settings = settingsOf(context, argv);
    const cluster = await clusterOf(settings, context);
    const options = { namespace: settings.namespace, rules: argv.rule };
    if (argv.watch) {
      return keepWatch(context, cluster, { ...options, signal: context.signal }, argv.output === 'json');
    }
    // `now` in them is the cluster's, as in all windows.
    const isDated = from !== undefined || to !== undefined;
    const dated = isDated ? period(await clusterTimeOrOurs(cluster, settings.namespace)) : {};
    const { rules, failures, unread } = await runEachRule(cluster, { ...options, ...dated, dryRun: argv['dry-run'] });
    for (const { message } of unread) context.note(`warning: ${message}`);
    for (const { error } of failures) for (const line of errorLines(error)) context.note(line);
    const failed = failures.map(({ uuid, name, error: { code, problems } }) => ({ uuid, name, code, problems }));
    const dry = argv['dry-run'] ? '\nDry run: nothing was written.' : '';
    return {
      json: { rules, ...(failed.length > 0 && { failures: failed }), ...blindSpotsJson(unread) },
      text: `${runText(rules)}${dry}`,
      exit: failures[0]?.error.exitStatus ?? 0,
    };
  },
});

/** A watch reads what comes in, from now on; it has no period, and what it does not write it would find again each time. */
function refuseBesideWatch(flags: JsonRecord): void {
  const given = Object.keys(flags).filter((flag) => flags[flag] !== undefined);
  if (given.length === 0) return;
  const problems = given.map((flag): Problem => ({ message: `--watch and --${flag} do not go together` }));
  const hint = 'A watch runs the rules over what comes in from now on. Run without --watch for a period, or to try.';
  throw new ProblemError('USAGE', [...problems.slice(0, -1), { ...(problems.at(-1) as Problem), hint }]);
}

async function keepWatch(context: Context, cluster: Cluster, options: RunLoopOptions, json: boolean): Promise<Outcome> {
  for await (const event of runLoop(cluster, options)) {
    if (event.kind === 'run') context.print(json ? JSON.stringify(event.run) : runLine(event.run));
    else for (const line of runLoopLines(event)) context.note(line);
  }
  return { json: undefined, text: '', exit: 130 };
}
