import type { User } from './roles';

/** The part `kibana` of the body of `PUT /api/security/role/<name>`. */
export interface KibanaPrivileges {
  readonly base: readonly [];
  readonly feature: Readonly<Record<string, readonly string[]>>;
  readonly spaces: readonly string[];
}

/**
 * What a kind of user needs in Kibana, where rules run there. `siem` is the oldest name of the feature Security; newer
 * versions know it and replace it by what it has become (siemV2, rules of their own).
 * @returns undefined for those who never speak to Kibana
 */
export function kibanaPrivileges(user: User, spaces: readonly string[]): KibanaPrivileges | undefined {
  if (user === 'deployer') return { base: [], feature: { siem: ['all'], actions: ['read'] }, spaces };
  if (user === 'reader') return { base: [], feature: { siem: ['read'] }, spaces };
  return undefined;
}

/**
 * What the deployer needs on Elasticsearch beside its role, because a rule of Kibana runs with the API key of who stored it
 * (https://www.elastic.co/docs/solutions/security/detect-and-alert/detections-privileges).
 */
export function kibanaIndices(user: User, spaces: readonly string[], events: readonly string[]) {
  if (user !== 'deployer' && user !== 'reader') return [];
  const names = spaces.flatMap((space) =>
    ['.alerts-security.alerts', '.lists', '.items'].map((index) => `${index}-${space}`),
  );
  const own = user === 'deployer' ? ['maintenance', 'read', 'view_index_metadata', 'write'] : ['read'];
  return [
    { names, privileges: own },
    { names: events, privileges: ['read', 'view_index_metadata'] },
  ];
}
