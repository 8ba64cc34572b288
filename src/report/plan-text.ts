import { styleText } from 'node:util';
import type { Applied, AppliedChange } from '../plan/apply';
import type { Change, Counts } from '../plan/plan';
import type { Action } from '../resources/kind';
import type { Adopted } from '../plan/adopt';
import { escapeForTerminal } from '../text/escape';

const SIGNS: Readonly<Record<Action, string>> = {
  create: '+',
  update: '~',
  delete: '-',
  foreign: '!',
  put_mapping: '~',
  rollover: '~',
};

const DONE: Readonly<Record<Action, string>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  foreign: 'left alone',
  put_mapping: 'mapping extended',
  rollover: 'rolled over',
};

/** One line for a change: sign, kind/id, title and what is (to be) done. */
function changeLine(change: Change | AppliedChange): string {
  const title = change.title === undefined ? '' : ` “${change.title}”`;
  return `  ${SIGNS[change.action]} ${change.kind}/${change.id}${title}  ${wordFor(change)}`;
}

function wordFor(change: Change | AppliedChange): string {
  if (!('status' in change)) return change.action === 'foreign' ? 'foreign: not ours, left alone' : change.action;
  if (change.status === 'done') return DONE[change.action];
  return `${change.status}: ${change.error ?? ''}`.trimEnd();
}

/** The plan for a person: a line a change, its diff below, and the sum. */
export function planText(changes: readonly Change[], counts: Counts, leftovers: number): string {
  const lines = changes.flatMap((change) => [changeLine(change), ...diffLines(change.diff)]);
  return [...lines, sumLine(counts, 'Plan'), ...leftoverLine(leftovers)].join('\n');
}

/** `Plan: 3 to create, 1 to delete, 12 unchanged.` */
function sumLine(counts: Counts, head: string): string {
  const parts = Object.entries(counts)
    .filter(([action, number]) => number > 0 && action !== 'unchanged')
    .map(([action, number]) => (action === 'foreign' ? `${number} foreign` : `${number} to ${action}`));
  if (parts.length === 0) return `Nothing to change: ${counts.unchanged} unchanged.`;
  return `${head}: ${[...parts, `${counts.unchanged} unchanged`].join(', ')}.`;
}

/**
 * What a deploy or a destroy did.
 * @param head `Deploy` or `Destroy`
 */
export function deployText(
  changes: readonly AppliedChange[],
  counts: Counts,
  leftovers: number,
  head: 'Deploy' | 'Destroy' = 'Deploy',
): string {
  if (changes.length === 0) return [sumLine(counts, head), ...leftoverLine(leftovers)].join('\n');
  const of = (status: AppliedChange['status']): number => changes.filter((change) => change.status === status).length;
  const sum = `${head}: ${of('done')} done, ${of('failed')} failed, ${of('skipped')} skipped, ${counts.unchanged} unchanged.`;
  return [...changes.map(changeLine), sum, ...leftoverLine(leftovers)].join('\n');
}

/** What is left to do when somebody ended it. */
export function interruptedLine({ interrupted }: Pick<Applied, 'interrupted'>): string[] {
  return interrupted === true ? ['Interrupted. The same command again does the rest.'] : [];
}

function leftoverLine(leftovers: number): string[] {
  return leftovers === 0 ? [] : [`${leftovers} of ours are no longer in the content; --prune deletes them.`];
}

function diffLines(diff: string): string[] {
  if (diff === '') return [];
  return diff
    .trimEnd()
    .split('\n')
    .map((line) => `      ${coloured(line)}`);
}

function coloured(line: string): string {
  if (line.startsWith('+')) return styleText('green', line);
  if (line.startsWith('-')) return styleText('red', line);
  return line;
}

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
  if (name === 'shippedRules') return value === false ? ['--no-shipped-rules'] : [];
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

/** What was taken over, with what the next deploy changes in it. */
export function adoptText(adopted: readonly Adopted[], ours: readonly string[]): string {
  const lines = [
    ...adopted.flatMap((each) => [adoptedLine(each), ...adoptionDiff(each.diff)]),
    ...ours.map((name) => `  = ${name}  is ours already`),
  ];
  const differing = adopted.filter(({ status, diff }) => status === 'adopted' && diff !== '').length;
  const next = differing === 0 ? [] : ['What differs is as it was; `deploy` changes it, `plan` shows it again.'];
  return [...lines, ...next].join('\n');
}

function adoptedLine({ kind, id, title, status, error }: Adopted): string {
  const name = `${kind}/${id}${title === undefined ? '' : ` “${title}”`}`;
  return status === 'adopted' ? `  + ${name}  adopted` : `  ! ${name}  ${status}: ${escapeForTerminal(error ?? '')}`;
}

function adoptionDiff(diff: string): string[] {
  return diff === ''
    ? []
    : diff
        .trimEnd()
        .split('\n')
        .map((each) => `      ${escapeForTerminal(each)}`);
}
