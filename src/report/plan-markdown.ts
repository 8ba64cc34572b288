import type { Change, Counts } from '../plan/plan';
import { sumLine } from './plan';

/** What a comment on a pull request may hold (GitHub), less some room for what stands around it. */
const LONGEST = 60_000;

/** The flags that a plan was made with, by name; those that were not given are undefined or false. */
export type PlanFlags = Readonly<Record<string, boolean | string | readonly string[] | undefined>>;

/**
 * A plan as a comment for a pull request: a table of the changes, their diffs folded away, and the command to apply it by.
 * @param flags without which that command would make another plan
 */
export function planMarkdown(
  changes: readonly Change[],
  counts: Counts,
  digest: string,
  flags: PlanFlags = {},
): string {
  const head = [`### wmi-detections plan`, '', sumLine(counts, 'Plan')];
  if (changes.length === 0) return head.join('\n');
  const rows = changes.map(({ action, kind, id, title }) => `| ${action} | \`${kind}/${id}\` | ${cell(title ?? '')} |`);
  const table = ['', '| action | what | name |', '| --- | --- | --- |', ...rows];
  const command = [
    'wmi-detections deploy',
    ...Object.entries(flags).flatMap(words),
    `--checksum ${digest.slice(0, 16)}`,
  ];
  const foot = ['', `Apply exactly this: \`${command.join(' ')}\``];
  const whole = [...head, ...table, ...changes.flatMap(details), ...foot].join('\n');
  if (whole.length <= LONGEST) return whole;
  return [
    ...head,
    ...table,
    '',
    'The differences are too long for a comment: run `wmi-detections plan`.',
    ...foot,
  ].join('\n');
}

/** A flag as it is typed; several values of one stand side by side. */
function words([name, value]: [string, PlanFlags[string]]): string[] {
  if (value === undefined || value === false) return [];
  return [`--${name}`, ...(value === true ? [] : [value].flat().map(shellWord))];
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function details({ kind, id, diff }: Change): string[] {
  if (diff === '') return [];
  const fence = fenceFor(diff);
  return ['', `<details><summary>${kind}/${id}</summary>`, '', `${fence}diff`, diff.trimEnd(), fence, '', '</details>'];
}

/** A fence that the text inside cannot close. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return '`'.repeat(longest + 1);
}

/** Text for a table cell: no pipe, line break or markup of its own. */
function cell(text: string): string {
  return text.replace(/[\\|<>`*_[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
