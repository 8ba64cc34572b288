import { setFlagsFromString } from 'node:v8';
import { DEAD_LETTERS } from '../replay/dead-letters';
import { replay, V8_FLAGS } from '../replay/replay';
import { progressLine, replayJson, replayText } from '../report/replay-text';
import { declare, settingsOf, clusterOf, type Context } from './command';
import { describePlace } from '../errors';
import type { ReplayResult } from '../replay/replay-stats';
import { escapeForTerminal } from '../text/escape';

export const replayCommand = declare({
  positionals: {
    files: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'files or folders (.json .ndjson .log .xml .csv .txt .gz .tar.gz .zip); - for standard input',
    },
  },
  options: {
    'dead-letters': {
      type: 'string',
      describe: `file for the events that the cluster refuses for good; replay takes it back [default: ${DEAD_LETTERS}]`,
    },
  },
  examples: [
    ['$0 replay attack_data.tar.gz', 'a log as published'],
    ['zcat log.gz | $0 replay -', 'standard input'],
  ],
  run: async (context, argv) => {
    for (const flag of V8_FLAGS) setFlagsFromString(flag);
    const settings = settingsOf(context, argv);
    const { stdin } = context;
    const result = await replay(await clusterOf(settings, context), argv.files, {
      namespace: settings.namespace,
      stdin,
      deadLetters: argv['dead-letters'],
      onProgress: (progress) => {
        context.progress(progressLine(progress, context.width));
      },
    });
    tellProblems(context, result);
    return { json: replayJson(result), text: replayText(result), exit: result.problemCount > 0 ? 1 : 0 };
  },
});

/** Says on standard error what was wrong with single records, and how many more there were than are kept. */
function tellProblems(context: Context, { problems, problemCount }: ReplayResult): void {
  for (const { where, message, hint } of problems) {
    const place = where === undefined ? '' : `${escapeForTerminal(describePlace(where))}: `;
    context.note(`${place}${escapeForTerminal(message)}${hint === undefined ? '' : `\n  ${hint}`}`);
  }
  if (problemCount > problems.length) context.note(`… and ${problemCount - problems.length} more`);
}
