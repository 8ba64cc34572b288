import { contentOf, deploymentOf, SCHEDULER_OPTIONS } from './connections';
import { checkPeriod } from '../detections/windows';
import type { ExitStatus } from '../errors';
import { readingsOf, storedQueries, visibilityOf } from '../plan/blind-spots';
import { blindSpotLines, blindSpotsJson } from '../report/blind-spot-text';
import { reconcileText } from '../report/reconcile-text';
import { clusterTimeOrOurs } from '../cluster/clock';
import { toIso } from '../text/time';
import { requireNamespace } from '../alerts/known';
import { reconcile } from '../alerts/reconcile';
import { declare, settingsOf } from './command';
import { timeOf } from './flags';

export const reconcileCommand = declare({
  positionals: {},
  options: {
    scheduler: SCHEDULER_OPTIONS.scheduler,
    space: { type: 'string', describe: 'Kibana space whose alerts are meant; several with commas between them' },
    from: { type: 'string', default: 'now-24h', describe: 'events that happened at or after this time' },
    to: { type: 'string', default: 'now', describe: 'events that happened before this time' },
    'exit-code': {
      type: 'boolean',
      default: false,
      describe: 'exit with 1 when an alert is missing, or rules cannot see all events',
    },
  },
  examples: [['$0 reconcile --exit-code', 'for cron: did every event of the last day get its alert?']],
  run: async (context, argv) => {
    const periodAt = (now: number) => ({ from: timeOf('from', argv.from, now), to: timeOf('to', argv.to, now) });
    periodAt(0); // What is no time is refused before anything is asked of the cluster.
    const settings = settingsOf(context, argv);
    const content = contentOf(settings, context);
    const deployment = await deploymentOf(settings, context, 'reconcile');
    await requireNamespace(deployment);
    // `now` is the cluster's, as in all windows.
    const now = await clusterTimeOrOurs(deployment.cluster, deployment.namespace);
    const { from, to } = periodAt(now);
    checkPeriod({ from, to });
    const rules = await reconcile(deployment, content, { from, to, now });
    const { spots } = await visibilityOf(deployment, readingsOf(deployment, content, await storedQueries(deployment)));
    const missing = rules.reduce((sum, rule) => sum + rule.missing.length, 0);
    const exit: ExitStatus = argv['exit-code'] && missing + spots.length > 0 ? 1 : 0;
    return {
      json: { from: toIso(from), to: toIso(to), missing, rules, ...blindSpotsJson(spots) },
      text: [reconcileText(rules, settings), ...blindSpotLines(spots)].join('\n'),
      exit,
    };
  },
});
