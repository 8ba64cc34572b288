import type { ExitStatus } from '../errors';
import { adoptAll, findAdoptions, type Adopted, type Adoptions } from '../plan/adopt';
import { readAllContent } from '../resources/read-all-content';
import { refuseUnsafe } from '../plan/guard';
import { PROGRAM_FOLDER } from '../program';
import { adoptText } from '../report/adopt';
import { interruptedLine } from '../report/plan';
import type { Content, Scope } from '../resources/kind';
import { escapeForTerminal } from '../text/escape';
import { declare, settingsOf, type Context } from './command';
import { scopeOf } from './plan';
import { SCHEDULER_OPTIONS } from './scheduler';

export interface AdoptResult {
  readonly adopted: readonly Adopted[];
  /** What was ours before, as `kind/id`. */
  readonly ours: Adoptions['ours'];
}

/**
 * Takes over what stands on the cluster under ids of our content and is not ours: from then on plan shows how it differs,
 * deploy changes it and destroy removes it. Nothing but our mark is written.
 * @param names `kind/id` each, as a plan shows them
 * @param context told, before it is asked, what the next deploy changes
 * @throws ProblemError USAGE for what is not in the content or not on the cluster, UNSAFE when nobody said yes
 */
export async function adopt(
  scope: Scope,
  content: Content,
  names: readonly string[],
  context: Context,
  options: { yes: boolean },
): Promise<AdoptResult> {
  const { foreign, ours } = await findAdoptions(scope, content, names);
  if (foreign.length > 0 && !options.yes) {
    for (const { diff } of foreign) for (const line of linesOf(diff)) context.note(escapeForTerminal(line));
    const list = foreign.map(({ kind, desired }) => `${kind.name}/${desired.id}`).join(', ');
    const question = `This takes over what somebody else made: ${list}. Deploy will change it, and destroy will remove it.`;
    if (!(await context.confirm(`${question} Go on?`))) refuseUnsafe(question);
  }
  return { adopted: await adoptAll(scope, foreign), ours };
}

function linesOf(diff: string): string[] {
  return diff === '' ? [] : diff.trimEnd().split('\n');
}

export const adoptCommand = declare({
  name: 'adopt <things..>',
  describe: 'take over what stands on the cluster under an id of ours, by our mark only',
  interrupted: 'nothing was changed',
  positionals: {
    things: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'kind/id each, as plan shows what is foreign',
    },
  },
  options: {
    ...SCHEDULER_OPTIONS,
    yes: { type: 'boolean', default: false, describe: 'do it without asking' },
  },
  examples: [
    ['$0 adopt ingest_pipeline/process_creation@ecs-pipeline', 'then `plan` shows what deploy would change in it'],
  ],
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const content = readAllContent(settings.content ?? PROGRAM_FOLDER);
    const scope = await scopeOf(settings, context);
    const result = await adopt(scope, content, argv.things, context, { yes: argv.yes });
    const isThrough = result.adopted.every(({ status }) => status === 'adopted');
    const interrupted = context.signal.aborted && !isThrough;
    const exit: ExitStatus = isThrough ? 0 : interrupted ? 130 : 2;
    const text = [adoptText(result.adopted, result.ours), ...interruptedLine({ interrupted })].join('\n');
    return { json: result, text, exit };
  },
});
