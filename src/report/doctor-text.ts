import type { Granted } from '../doctor/permissions';
import { EVENTS } from '../doctor/events';
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
  const isHidden = checks.some(({ about, state }) => about === EVENTS && state !== 'ok');
  const hidden = isHidden ? ' But rules may not see all events: docs/blind-spots.md.' : '';
  const verdict = missing
    ? `Something is missing for a ${user}; \`wmi-detections doctor --roles\` prints whole roles.`
    : `Nothing is missing for a ${user}.${hidden}`;
  return [...lines, ...(may.length === 0 ? [] : ['', 'What you may do', ...may]), '', verdict]
    .map(escapeForTerminal)
    .join('\n');
}

interface Printed {
  readonly user: string;
  readonly commands: readonly string[];
  readonly elasticsearch: unknown;
  readonly kibana?: unknown;
  readonly opensearch: unknown;
}

/** The roles as requests that a person can paste into a console: Kibana's, or the Dev Tools of Dashboards. */
export function rolesText(roles: readonly Printed[]): string {
  return roles.map(roleText).join('\n\n');
}

function roleText({ user, commands, elasticsearch, kibana, opensearch }: Printed): string {
  const json = (body: unknown): string => JSON.stringify(body, null, 2);
  const name = `wmi-detections-${user}`;
  return [
    `# ${user}: ${commands.join(', ')}`,
    '',
    '# Elasticsearch',
    `PUT /_security/role/${name}`,
    json(elasticsearch),
    ...(kibana === undefined
      ? []
      : [
          '',
          '# Kibana (the same role with its privileges there)',
          `PUT kbn:/api/security/role/${name}`,
          json({ elasticsearch, kibana: [kibana] }),
        ]),
    '',
    '# OpenSearch',
    `PUT /_plugins/_security/api/roles/${name}`,
    json(opensearch),
  ].join('\n');
}
