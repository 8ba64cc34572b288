import type { User } from '../request-table';

/** The part `kibana` of the body of `PUT /api/security/role/<name>`. */
export interface KibanaPrivileges {
  readonly base: readonly [];
  readonly feature: Readonly<Record<string, readonly string[]>>;
  readonly spaces: readonly string[];
}

/** The features of Kibana that a kind of user needs, and what on the indices that Kibana keeps for each space. */
interface Needs {
  readonly feature: KibanaPrivileges['feature'];
  readonly indices: readonly string[];
  readonly privileges: readonly string[];
  /** Whether Kibana reads the events in this user's name. */
  readonly events: boolean;
}

const ALERTS = '.alerts-security.alerts';
const OWN = [ALERTS, '.lists', '.items'];
const WRITE = ['maintenance', 'read', 'view_index_metadata', 'write'];

/*
 * `siem` is the oldest name of the feature Security; newer versions know it and replace it by what it has become (siemV2, rules
 * of their own). A rule runs with the API key of who stored it, and alerts are guarded by the privileges on their index alone
 * (https://www.elastic.co/docs/solutions/security/detect-and-alert/detections-privileges).
 */
const NEEDS: Readonly<Partial<Record<User, Needs>>> = {
  deployer: { feature: { siem: ['all'], actions: ['read'] }, indices: OWN, privileges: WRITE, events: true },
  // `alerts ack|close|reopen`.
  runner: { feature: { siem: ['read'] }, indices: [ALERTS], privileges: WRITE, events: false },
  reader: { feature: { siem: ['read'] }, indices: OWN, privileges: ['read'], events: true },
};

/**
 * What a kind of user needs in Kibana, where rules run there.
 * @returns undefined for those who never speak to Kibana
 */
export function kibanaPrivileges(user: User, spaces: readonly string[]): KibanaPrivileges | undefined {
  const needs = NEEDS[user];
  return needs === undefined ? undefined : { base: [], feature: needs.feature, spaces };
}

/** What a kind of user needs on Elasticsearch for what Kibana does in its name. */
export function kibanaIndices(user: User, spaces: readonly string[], events: readonly string[]) {
  const needs = NEEDS[user];
  if (needs === undefined) return [];
  const { indices, privileges } = needs;
  const own = { names: spaces.flatMap((space) => indices.map((index) => `${index}-${space}`)), privileges };
  return needs.events ? [own, { names: events, privileges: ['read', 'view_index_metadata'] }] : [own];
}
