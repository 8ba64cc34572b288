import { alertIndex, defaultIndices, ownStreams, stateIndex, DATASETS } from '../detections/indices';
import type { SchedulerName } from '../settings';

/** The commands that speak to a cluster; `ack` is what `alerts` does when it writes: ack, close, reopen. */
export type Verb =
  | ('plan' | 'deploy' | 'destroy' | 'adopt' | 'status' | 'simulate' | 'test' | 'doctor')
  | ('replay' | 'run' | 'alerts' | 'ack' | 'risk' | 'reconcile');

/** The kinds of users. Who deploys need not be who ships events, runs the rules or reads the alerts. */
export const USERS = ['deployer', 'shipper', 'runner', 'reader'] as const;

export type User = (typeof USERS)[number];

/** What a request needs on one product. */
export interface Need {
  readonly cluster: readonly string[];
  /** On the indices of the row. */
  readonly index: readonly string[];
}

/** One kind of request, who makes it, and what it needs. */
export interface RequestRow {
  /** Method and path; `{…}` stands for names of that kind, `{id}` for any one part. */
  readonly request: string;
  readonly verbs: readonly Verb[];
  readonly names?: Names;
  /** The scheduler that makes it needed, where it is one alone. */
  readonly scheduler?: SchedulerName;
  /** The command does without it where it is refused; so no role needs it. */
  readonly isOptional?: boolean;
  /** Of `destroy`, only --with-data makes it. */
  readonly isForData?: boolean;
  readonly elasticsearch: Need;
  readonly opensearch: Need;
}

/** A request that no index is named in. */
export function onCluster(
  request: string,
  verbs: readonly Verb[],
  elasticsearch: readonly string[],
  opensearch: readonly string[],
): RequestRow {
  return {
    request,
    verbs,
    elasticsearch: { cluster: elasticsearch, index: [] },
    opensearch: { cluster: opensearch, index: [] },
  };
}

/** A request about some indices. */
export function onIndices(
  names: Names,
  request: string,
  verbs: readonly Verb[],
  elasticsearch: readonly string[],
  opensearch: readonly string[],
  besideIt: readonly string[] = [],
): RequestRow {
  return {
    request,
    verbs,
    names,
    elasticsearch: { cluster: [], index: elasticsearch },
    opensearch: { cluster: besideIt, index: opensearch },
  };
}

/** Which indices and data streams a request is about. */
export type Names = 'streams' | 'any_stream' | 'events' | 'kept' | 'alerts' | 'state' | 'any_index' | 'trial';

/** What a role is printed for. */
export interface Where {
  readonly namespace: string;
  /** What the rules read, where the settings say so. */
  readonly indices?: readonly string[] | undefined;
  /** Spaces of Kibana. */
  readonly spaces: readonly string[];
}

/** The names and patterns that a role lists. */
export function namesOf(names: Names, { namespace, indices }: Where): readonly string[] {
  const streams = (suffix: string): string[] => [...ownStreams(suffix), `logs-${DATASETS.unrecognised}-${suffix}`];
  switch (names) {
    case 'streams':
      return streams(namespace);
    case 'any_stream':
      return streams('*');
    case 'events':
      return [...(indices ?? defaultIndices(namespace))];
    case 'alerts':
      return [alertIndex(namespace)];
    case 'kept':
      return [alertIndex(namespace), stateIndex(namespace)];
    case 'state':
      return [stateIndex(namespace)];
    case 'any_index':
      return [alertIndex('*'), stateIndex('*')];
    case 'trial':
      // `test` and its private pipelines: names with a time and a random part, removed at the end.
      return ['wmi-detections-trial-*', alertIndex('trial.*'), stateIndex('trial.*'), ...ownStreams('trial.*')];
  }
}
