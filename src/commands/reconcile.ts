import { ProblemError, type ExitStatus } from '../errors';
import { readAllContent } from '../plan/content';
import { PROGRAM_FOLDER } from '../program';
import { reconcileText } from '../report/reconcile';
import { clusterTimeOrOurs } from '../schedule/clock';
import { iso } from '../schedule/window';
import { reconcile } from '../status/reconcile';
import { declare, settingsOf } from './command';
import { scopeOf } from './plan';
import { SCHEDULER_OPTIONS } from './scheduler';
import { timeOf } from './time-flag';

export const reconcileCommand = declare({
  name: 'reconcile',
  describe: 'hold the events that match each rule against the alerts there are; nothing is written',
  positionals: {},
  options: {
    scheduler: SCHEDULER_OPTIONS.scheduler,
    space: { type: 'string', describe: 'Kibana space whose alerts are meant; several with commas between them' },
    from: { type: 'string', default: 'now-24h', describe: 'events that happened at or after this time' },
    to: { type: 'string', default: 'now', describe: 'events that happened before this time' },
    'exit-code': { type: 'boolean', default: false, describe: 'exit with 1 when an alert is missing' },
  },
  examples: [['$0 reconcile --exit-code', 'for cron: did every event of the last day get its alert?']],
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const [from = 0, to = Date.now()] = [timeOf('from', argv.from), timeOf('to', argv.to)];
    if (from >= to) {
      const hint = 'The period begins at --from and ends just before --to.';
      throw new ProblemError('USAGE', [{ message: '--from is not before --to', hint }]);
    }
    const scope = await scopeOf(settings, context);
    const now = await clusterTimeOrOurs(scope.target, scope.namespace);
    const content = readAllContent(settings.content ?? PROGRAM_FOLDER);
    const rules = await reconcile(scope, content, { from, to, now });
    const missing = rules.reduce((sum, rule) => sum + rule.missing.length, 0);
    const exit: ExitStatus = argv['exit-code'] && missing > 0 ? 1 : 0;
    return { json: { from: iso(from), to: iso(to), missing, rules }, text: reconcileText(rules, settings), exit };
  },
});
