import { styleText } from 'node:util';
import type { Applied, AppliedChange } from '../plan/apply';
import type { Change, Counts } from '../plan/plan';
import type { Action } from '../resources/kind';

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
export function changeLine(change: Change | AppliedChange): string {
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
export function sumLine(counts: Counts, head: string): string {
  const parts = Object.entries(counts)
    .filter(([action, number]) => number > 0 && action !== 'unchanged')
    .map(([action, number]) => (action === 'foreign' ? `${number} foreign` : `${number} to ${action}`));
  if (parts.length === 0) return `Nothing to change: ${counts.unchanged} unchanged.`;
  return `${head}: ${[...parts, `${counts.unchanged} unchanged`].join(', ')}.`;
}

/** What a deploy did. */
export function deployText(changes: readonly AppliedChange[], counts: Counts, leftovers: number): string {
  if (changes.length === 0) return [sumLine(counts, 'Deploy'), ...leftoverLine(leftovers)].join('\n');
  const of = (status: AppliedChange['status']): number => changes.filter((change) => change.status === status).length;
  const sum = `Deploy: ${of('done')} done, ${of('failed')} failed, ${of('skipped')} skipped, ${counts.unchanged} unchanged.`;
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
