import type { ExitStatus } from '../errors';
import { adopt } from '../plan/adopt';
import { PROGRAM_FOLDER } from '../program';
import { adoptText, interruptedLine } from '../report/plan-text';
import { readAllContent } from '../resources/read-all-content';
import { declare, settingsOf } from './command';
import { deploymentOf, SCHEDULER_OPTIONS } from './connections';

export const adoptCommand = declare({
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
    ['$0 adopt ingest_pipeline/process_creation@event-pipeline', 'then `plan` shows what deploy would change in it'],
  ],
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const content = readAllContent(settings.content ?? PROGRAM_FOLDER);
    const deployment = await deploymentOf(settings, context);
    const result = await adopt(deployment, content, argv.things, context, { yes: argv.yes });
    const isThrough = result.adopted.every(({ status }) => status === 'adopted');
    const interrupted = context.signal.aborted && !isThrough;
    const exit: ExitStatus = isThrough ? 0 : interrupted ? 130 : 2;
    const text = [adoptText(result.adopted, result.ours), ...interruptedLine({ interrupted })].join('\n');
    return { json: result, text, exit };
  },
});
