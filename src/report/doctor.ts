import type { Granted } from '../doctor/permissions';
import type { Check } from '../schedulers/scheduler';
import { escapeForTerminal } from '../text/escape';

const SIGNS = { ok: 'ok     ', warning: 'warning', missing: 'MISSING', unknown: 'unknown' } as const;

/** `doctor` for a person: a line a check, what to do below those that are not well, then what the user may do. */
export function doctorText(
  { checks, granted, missing }: { checks: readonly Check[]; granted: readonly Granted[]; missing: boolean },
  user: string,
): string {
  const lines = checks.flatMap(({ about, state, message, fix }) => [
    `${SIGNS[state]}  ${about}: ${message}`,
    ...(fix === undefined ? [] : [`         ${fix}`]),
  ]);
  const may = granted.flatMap(({ user: each, may: yes, lacks }) => [
    `${yes === true ? 'yes    ' : yes === undefined ? 'unknown' : 'no     '}  ${each}`,
    ...lacks.map((lack) => `         lacks ${lack}`),
  ]);
  const verdict = missing
    ? `Something is missing for a ${user}; \`wmi-detections doctor --roles\` prints whole roles.`
    : `Nothing is missing for a ${user}.`;
  return [...lines, ...(may.length === 0 ? [] : ['', 'What you may do', ...may]), '', verdict]
    .map(escapeForTerminal)
    .join('\n');
}
