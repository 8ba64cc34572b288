import type { SchedulerName, Settings } from '../settings';
import { SCHEDULERS } from '../schedulers';
import { NAMES, REQUESTS } from './requests';
import { namesOf, type Names, type RequestRow, type User, type Verb, type Where } from '../schedulers/request-table';

/** The commands of each kind of user. */
const COMMANDS: Readonly<Record<User, readonly Verb[]>> = {
  deployer: ['plan', 'deploy', 'destroy', 'adopt', 'status', 'simulate', 'test', 'doctor'],
  shipper: ['replay'],
  runner: ['run', 'ack'],
  reader: ['plan', 'status', 'alerts', 'risk', 'reconcile', 'doctor'],
};

/** Body of `PUT /_security/role/<name>`, and of an API key's `role_descriptors`. */
export interface ElasticsearchRole {
  readonly cluster: readonly string[];
  readonly indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[];
}

/** Body of `PUT /_plugins/_security/api/roles/<name>`. */
export interface OpenSearchRole {
  readonly cluster_permissions: readonly string[];
  readonly index_permissions: readonly {
    readonly index_patterns: readonly string[];
    readonly allowed_actions: readonly string[];
  }[];
}

/** What a privilege of Elasticsearch grants beside its name, as far as the table asks for it. */
const INCLUDED: Readonly<Record<string, readonly string[]>> = {
  manage_ingest_pipelines: ['read_pipeline'],
  manage_index_templates: ['indices:admin/index_template/simulate'],
  manage_watcher: ['monitor_watcher'],
};

export interface For extends Where {
  readonly scheduler: SchedulerName;
}

/** What the roles of the settings are for. */
export function askedOf({ namespace, indices, scheduler, kibana }: Settings): For {
  return { namespace, indices, scheduler, spaces: kibana.spaces };
}

/** The commands that a kind of user can give. */
export function commandsOf(user: User): readonly Verb[] {
  return COMMANDS[user];
}

/** Whether a kind of user needs a scheduler: who only ships events does not. */
export function needsScheduler(user: User): boolean {
  return COMMANDS[user].some((verb) => verb !== 'replay');
}

/** The requests that the commands of a kind of user make and cannot do without. */
export function requestsOf(user: User, scheduler: SchedulerName): readonly RequestRow[] {
  return REQUESTS.filter(
    (row) =>
      row.isOptional !== true &&
      row.verbs.some((verb) => COMMANDS[user].includes(verb)) &&
      (row.scheduler === undefined || row.scheduler === scheduler),
  );
}

/** The requests that a command makes and cannot do without. */
export function requestsOfVerb(verb: Verb, scheduler: SchedulerName): readonly RequestRow[] {
  return REQUESTS.filter(
    (row) =>
      row.isOptional !== true &&
      row.verbs.includes(verb) &&
      (row.scheduler === undefined || row.scheduler === scheduler),
  );
}

/** The requests that a destroy makes and cannot do without. */
export function requestsOfDestroy(
  scheduler: SchedulerName,
  { withData }: { withData: boolean },
): readonly RequestRow[] {
  return requestsOfVerb('destroy', scheduler).filter(({ isForData }) => withData || isForData !== true);
}

/** What a kind of user needs on Elasticsearch, and no more: for our requests, and for those that Kibana makes in its name. */
export function elasticsearchRole(user: User, asked: For): ElasticsearchRole {
  const { cluster, indices } = elasticsearchNeeds(requestsOf(user, asked.scheduler), asked);
  const events = namesOf('events', asked);
  const beside = SCHEDULERS[asked.scheduler].roleOn?.(user, { spaces: asked.spaces, events }).indices ?? [];
  return { cluster, indices: [...indices, ...beside] };
}

/** What requests need on Elasticsearch. */
export function elasticsearchNeeds(requests: readonly RequestRow[], asked: For): ElasticsearchRole {
  const rows = requests.map(({ names, elasticsearch }) => ({ names, ...elasticsearch }));
  return {
    cluster: withoutIncluded(union(rows.map(({ cluster }) => cluster))),
    indices: byNames(rows).map(([names, privileges]) => ({ names: namesOf(names, asked), privileges })),
  };
}

/** What a kind of user needs of OpenSearch's security plugin, and no more. */
export function openSearchRole(user: User, asked: For): OpenSearchRole {
  return openSearchNeeds(requestsOf(user, asked.scheduler), asked);
}

/** What requests need of OpenSearch's security plugin. */
export function openSearchNeeds(requests: readonly RequestRow[], asked: For): OpenSearchRole {
  const rows = requests.map(({ names, opensearch }) => ({ names, ...opensearch }));
  return {
    cluster_permissions: union(rows.map(({ cluster }) => cluster)),
    index_permissions: byNames(rows).map(([names, actions]) => ({
      index_patterns: namesOf(names, asked),
      allowed_actions: actions,
    })),
  };
}

function byNames(
  rows: readonly { readonly names: Names | undefined; readonly index: readonly string[] }[],
): [Names, readonly string[]][] {
  return NAMES.map((names): [Names, readonly string[]] => [
    names,
    union(rows.filter((row) => row.names === names).map(({ index }) => index)),
  ]).filter(([, privileges]) => privileges.length > 0);
}

function withoutIncluded(privileges: readonly string[]): readonly string[] {
  const included = privileges.flatMap((privilege) => INCLUDED[privilege] ?? []);
  return privileges.filter((privilege) => !included.includes(privilege));
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}
