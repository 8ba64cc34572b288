import type { Adopted } from '../plan/adopt';
import { escapeForTerminal } from '../text/escape';

/** What was taken over, with what the next deploy changes in it. */
export function adoptText(adopted: readonly Adopted[], ours: readonly string[]): string {
  const lines = [
    ...adopted.flatMap((each) => [line(each), ...diffLines(each.diff)]),
    ...ours.map((name) => `  = ${name}  is ours already`),
  ];
  const differing = adopted.filter(({ status, diff }) => status === 'adopted' && diff !== '').length;
  const next = differing === 0 ? [] : ['What differs is as it was; `deploy` changes it, `plan` shows it again.'];
  return [...lines, ...next].join('\n');
}

function line({ kind, id, title, status, error }: Adopted): string {
  const name = `${kind}/${id}${title === undefined ? '' : ` “${title}”`}`;
  return status === 'adopted' ? `  + ${name}  adopted` : `  ! ${name}  ${status}: ${escapeForTerminal(error ?? '')}`;
}

function diffLines(diff: string): string[] {
  return diff === ''
    ? []
    : diff
        .trimEnd()
        .split('\n')
        .map((each) => `      ${escapeForTerminal(each)}`);
}
