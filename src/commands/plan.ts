import type { ExitStatus } from '../errors';
import { readAllContent } from '../resources/read-all-content';
import { makePlan, type Plan } from '../plan/plan';
import { PROGRAM_FOLDER } from '../program';
import { onlyOf } from '../plan/only';
import { unnamedNotes, withUnnamedSpaces } from '../schedulers/kibana/spaces';
import { schedulersBeside } from '../plan/other-schedulers';
import { unprovenLines, unprovenRules, type Unproven } from '../plan/unproven';
import { planText } from '../report/plan';
import { planMarkdown, type PlanFlags } from '../report/plan-markdown';
import type { Content, Scope } from '../resources/kind';
import { expiredNotes } from '../report/expired';
import type { Settings } from '../settings';
import { declare, settingsOf, clusterOf, type Context } from './command';
import { checkScheduler, kibanaOf, SCHEDULER_OPTIONS } from './scheduler';

/**
 * The content that the settings name; exceptions that have expired are told.
 * @throws ProblemError when it is not valid
 */
export function contentOf(settings: Settings, context: Context): Content {
  const content = readAllContent(settings.content ?? PROGRAM_FOLDER);
  for (const note of expiredNotes(content.exceptions ?? [], Date.now())) context.note(note);
  return content;
}

/** The plan as scripts read it (design, section 8). */
export function planJson({ steps, counts, digest }: Plan): object {
  return { changes: steps.map(({ change }) => change), counts, digest };
}

/** What scripts read of rules that are not proven: nothing where there are none. */
export function unprovenJson(unproven: readonly Unproven[]): object {
  return unproven.length === 0 ? {} : { unproven: unproven.map(({ kind, id }) => `${kind}/${id}`) };
}

/**
 * The cluster, the namespace and what runs the rules, as the settings name them.
 * @throws ProblemError SETTINGS when that cannot run rules there
 */
export async function scopeOf(settings: Settings, context: Context): Promise<Scope> {
  const { namespace, indices, retention, scheduler, channel } = settings;
  const cluster = await clusterOf(settings, context);
  await checkScheduler(scheduler, cluster);
  const kibana = await kibanaOf(settings, context);
  const scope: Scope = { cluster, namespace, indices, retention, scheduler, channel, kibana };
  return withUnnamedSpaces(scope, { chosen: settings.kibana.chosen === true });
}

/** What decides what is planned; where the servers are does not: a plan may be reviewed here and applied from there. */
function flagsOf(argv: PlanFlags): PlanFlags {
  const { config, profile, content, namespace, scheduler, space, channel, prune, only } = argv;
  return { config, profile, content, namespace, scheduler, space, channel, prune, only };
}

/** Takes a part of the plan. */
export const ONLY_OPTION = {
  only: { type: 'string', array: true, describe: 'only this kind/id of the plan; may be repeated' },
} as const;

export const planCommand = declare({
  name: 'plan',
  describe: 'show what deploy would do',
  interrupted: 'nothing was changed',
  positionals: {},
  options: {
    ...SCHEDULER_OPTIONS,
    prune: {
      type: 'boolean',
      default: false,
      describe: 'plan the deletion of what is ours and no longer in the content',
    },
    ...ONLY_OPTION,
    output: { choices: ['text', 'json', 'markdown'], default: 'text', describe: 'form of the result' },
    'exit-code': { type: 'boolean', default: false, describe: 'exit with 1 when there is something to change' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const content = contentOf(settings, context);
    const scope = await scopeOf(settings, context);
    const whole = await makePlan(scope, content, { prune: argv.prune });
    const plan = onlyOf(whole, argv.only ?? []);
    for (const note of unnamedNotes(scope, plan)) context.note(note);
    for (const { where, unsure } of await schedulersBeside(scope))
      context.note(unsure === true ? `${where}.` : `${where}: deploy refuses, unless they move.`);
    const changes = plan.steps.map(({ change }) => change);
    const exit: ExitStatus = argv['exit-code'] && changes.length > 0 ? 1 : 0;
    const text =
      argv.output === 'markdown'
        ? planMarkdown(changes, plan.counts, plan.digest, flagsOf({ ...argv, profile: settings.profile }))
        : planText(changes, plan.counts, plan.leftovers.length);
    const unproven = await unprovenRules(scope);
    return {
      json: { ...planJson(plan), ...unprovenJson(unproven) },
      text: [text, ...unprovenLines(unproven)].join('\n'),
      exit,
    };
  },
});
