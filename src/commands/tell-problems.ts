import { describePlace } from '../errors';
import type { ReplayResult } from '../replay/replay-stats';
import { escapeForTerminal } from '../text/escape';
import type { Context } from './command';

/** Says on standard error what was wrong with single records, and how many more there were than are kept. */
export function tellProblems(context: Context, { problems, problemCount }: ReplayResult): void {
  for (const { where, message, hint } of problems) {
    const place = where === undefined ? '' : `${escapeForTerminal(describePlace(where))}: `;
    context.note(`${place}${escapeForTerminal(message)}${hint === undefined ? '' : `\n  ${hint}`}`);
  }
  if (problemCount > problems.length) context.note(`… and ${problemCount - problems.length} more`);
}
