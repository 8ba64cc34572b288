import type { SchedulerName } from '../settings';
import type { Names } from './index-patterns';

/** The commands that speak to a cluster; `ack` is what `alerts` does when it writes: ack, close, reopen. */
export type Verb =
  | ('plan' | 'deploy' | 'destroy' | 'adopt' | 'status' | 'simulate' | 'test' | 'doctor')
  | ('replay' | 'run' | 'alerts' | 'ack' | 'risk' | 'reconcile');

/** What a request needs on one product. */
export interface Need {
  readonly cluster: readonly string[];
  /** On the indices of the row. */
  readonly index: readonly string[];
}

/** One kind of request, who makes it, and what it needs. */
export interface Row {
  /** Method and path; `{…}` stands for names of that kind, `{id}` for any one part. */
  readonly request: string;
  readonly verbs: readonly Verb[];
  readonly names?: Names;
  /** The scheduler that makes it needed, where it is one alone. */
  readonly scheduler?: SchedulerName;
  readonly elasticsearch: Need;
  readonly opensearch: Need;
}

/** A request that no index is named in. */
export function onCluster(
  request: string,
  verbs: readonly Verb[],
  elasticsearch: readonly string[],
  opensearch: readonly string[],
): Row {
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
): Row {
  return {
    request,
    verbs,
    names,
    elasticsearch: { cluster: [], index: elasticsearch },
    opensearch: { cluster: besideIt, index: opensearch },
  };
}
