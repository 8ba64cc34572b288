import type { ExitStatus } from '../errors';
import { onlyOf, type Plan } from '../plan/plan';
import { blindSpotsOf } from '../plan/blind-spots';
import { schedulersBeside } from '../plan/guard';
import { unprovenLines, unprovenRules, type Unproven } from '../plan/warnings';
import { blindSpotLines, blindSpotsJson } from '../report/blind-spot-text';
import { planText, planMarkdown, type PlanFlags } from '../report/plan-text';
import { declare, settingsOf } from './command';
import { contentOf, noteWarnings, deploymentOf, SCHEDULER_OPTIONS } from './connections';

/** The plan as scripts read it (docs/design.md, "Output of commands"). */
export function planJson({ steps, counts, digest }: Plan): object {
  return { changes: steps.map(({ change }) => change), counts, digest };
}

/** What scripts read of rules that are not proven: nothing where there are none. */
export function unprovenJson(unproven: readonly Unproven[]): object {
  return unproven.length === 0 ? {} : { unproven: unproven.map(({ kind, id }) => `${kind}/${id}`) };
}

/** What decides what is planned; where the servers are does not: a plan may be reviewed here and applied from there. */
function flagsOf(argv: PlanFlags): PlanFlags {
  const { config, profile, content, rules, shippedRules, namespace, scheduler, space, channel, prune, only } = argv;
  return { config, profile, content, rules, shippedRules, namespace, scheduler, space, channel, prune, only };
}

/** Takes a part of the plan. */
export const ONLY_OPTION = {
  only: { type: 'string', array: true, describe: 'only this kind/id of the plan; may be repeated' },
} as const;

export const planCommand = declare({
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
    'exit-code': {
      type: 'boolean',
      default: false,
      describe: 'exit with 1 when there is something to change, or deploy would refuse',
    },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const content = contentOf(settings, context);
    noteWarnings(content, context);
    const deployment = await deploymentOf(settings, context, 'plan');
    const whole = await deployment.plan(content, { prune: argv.prune });
    const plan = onlyOf(whole, argv.only ?? []);
    for (const note of deployment.scheduler.notes({ command: 'plan', ...plan })) context.note(note);
    for (const { where, unsure } of await schedulersBeside(deployment))
      context.note(unsure === true ? `${where}.` : `${where}: deploy refuses, unless they move.`);
    const changes = plan.steps.map(({ change }) => change);
    const spots = await blindSpotsOf(deployment, content);
    const refused = spots.some(({ certain }) => certain);
    const exit: ExitStatus = argv['exit-code'] && (changes.length > 0 || refused) ? 1 : 0;
    const text =
      argv.output === 'markdown'
        ? planMarkdown(changes, plan.counts, plan.digest, flagsOf({ ...argv, profile: settings.profile }))
        : planText(changes, plan.counts, plan.leftovers.length);
    const unproven = await unprovenRules(deployment);
    return {
      json: { ...planJson(plan), ...unprovenJson(unproven), ...blindSpotsJson(spots) },
      text: [text, ...unprovenLines(unproven), ...blindSpotLines(spots)].join('\n'),
      exit,
    };
  },
});
