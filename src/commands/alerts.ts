import { alertsCsv } from '../report/alerts-csv';
import { alertsHtml } from '../report/alerts-page-of';
import { alertsTable } from '../report/alerts-table';
import type { Rule } from '../detections/rule';
import { requireRule, ruleFilter } from '../alerts/known';
import { checkPeriod } from '../detections/windows';
import type { ScheduledScope } from '../schedulers/scheduler';
import { allAlerts } from '../alerts/all-alerts';
import { escapeForTerminal } from '../text/escape';
import { ACTIONS, changeStatus, explainOne, refuseIdle, alertsPage } from './alert-actions';
import { declare, settingsOf, type Context } from './command';
import { countOf, timeOf } from './flags';
import { analystScope, readSettingsContent, SCHEDULER_OPTIONS } from './connections';

/** Who sits here: the user that the cluster knows, where the settings name one, else the user of this machine. */
function whoever({ environment }: Context, username: string | undefined): string {
  return username ?? environment.USER ?? environment.USERNAME ?? 'unknown';
}

/** The rules of the content, and those that are stored on the cluster: one of other content may be deployed. */
async function knownRules(scope: ScheduledScope, rules: readonly Rule[]): Promise<readonly Rule[]> {
  const stored = (await scope.scheduler.storedRules?.(scope)) ?? [];
  return [...rules, ...stored.map(({ rule }) => rule)];
}

export const alertsCommand = declare({
  interrupted: 'nothing was changed',
  positionals: {
    action: {
      choices: ACTIONS,
      describe: 'what to do with the alerts that are named; without it they are listed',
    },
    ids: { type: 'string', array: true, describe: 'ids of alerts, or their beginnings' },
  },
  options: {
    scheduler: SCHEDULER_OPTIONS.scheduler,
    space: { type: 'string', describe: 'Kibana space whose alerts are meant; several with commas between them' },
    rule: { type: 'string', describe: 'only of this rule: its id, name or file name' },
    host: { type: 'string', describe: 'only on this host' },
    user: { type: 'string', describe: 'only of this user' },
    status: { choices: ['open', 'acknowledged', 'closed'] as const, describe: 'only with this status' },
    from: { type: 'string', describe: 'only with an event at or after this time: 2026-01-31T08:00Z, now-24h' },
    to: { type: 'string', describe: 'only with an event before this time' },
    limit: { type: 'number', describe: 'at most so many, the newest' },
    'with-ids': { type: 'boolean', default: false, describe: 'the table begins with the beginning of each id' },
    output: { choices: ['text', 'json', 'csv', 'html'], default: 'text', describe: 'form of the result' },
  },
  examples: [
    ['$0 alerts --status open --with-ids', 'what is to be looked at, with ids'],
    ['$0 alerts explain 3f9a', 'why one of them is there'],
    ['$0 alerts --output html > alerts.html', 'all of it as one page for a browser'],
    ['$0 alerts close 3f9a 07c1d2', 'two of them are done with'],
  ],
  run: async (context, argv) => {
    if (argv.action !== undefined) refuseIdle(argv.action, { ...argv });
    const settings = settingsOf(context, argv);
    const { namespace } = settings;
    const { host, user, status } = argv;
    const limit = countOf('limit', argv.limit);
    const times = { from: timeOf('from', argv.from), to: timeOf('to', argv.to) };
    checkPeriod(times);
    const content = (): readonly Rule[] => readSettingsContent(settings).rules;
    const rule = argv.rule === undefined ? undefined : ruleFilter(argv.rule, content());
    const options = { namespace, rule, host, user, status, ...times };
    const verb = argv.action === undefined || argv.action === 'explain' ? 'alerts' : 'ack';
    const { scope, rules } = await analystScope(settings, context, verb);
    if (argv.action === 'explain') {
      return explainOne(context, scope, content(), { ids: argv.ids ?? [], output: argv.output });
    }
    if (argv.action !== undefined) {
      const by = whoever(context, settings.elasticsearch.username);
      return changeStatus(scope, rules, { ...options, ids: argv.ids ?? [] }, { action: argv.action, by });
    }
    const { kept, notes } = await allAlerts(scope, rules, { ...options, limit });
    for (const note of notes) context.note(escapeForTerminal(note));
    const found = kept.map(({ alert }) => alert);
    if (found.length === 0 && argv.rule !== undefined) requireRule(argv.rule, await knownRules(scope, content()));
    const forms: Readonly<Record<string, () => string | Promise<string>>> = {
      json: () => '',
      text: () => alertsTable(found, context.width, { ids: argv['with-ids'] }),
      csv: () => alertsCsv(found).trimEnd(),
      html: async () => alertsHtml(await alertsPage(context, scope, content(), found)),
    };
    return { json: found, text: (await forms[argv.output]?.()) ?? '', exit: 0 };
  },
});
