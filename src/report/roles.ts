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
