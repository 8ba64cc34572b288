import type { Place, ProblemError } from '../errors';
import type { JsonRecord } from '../json';
import type { Script } from '../content/painless';
import type { Resource } from '../content/resource';
import type { RuleExceptions } from '../sigma/exceptions';
import type { Rule } from '../detections/rule';
import type { SubFields } from '../sigma/compile/query-dsl';
import type { Cluster } from '../cluster/cluster';

export type KindName =
  | 'ingest_pipeline'
  | 'component_template'
  | 'index_template'
  | 'data_stream'
  | 'data_stream_lifecycle'
  | 'index'
  | 'exception_list'
  | 'exception_item'
  | 'detection_rule'
  | 'watch'
  | 'monitor';

/** Everything that is to be on the cluster, as read from disk. */
export interface Content {
  readonly resources: readonly Resource[];
  readonly rules: readonly Rule[];
  /** The ids of rules that the settings switch off: what is there of them is deleted. */
  readonly switchedOff?: readonly string[] | undefined;
  /** The tuning of rules; none where nothing is said. */
  readonly exceptions?: readonly RuleExceptions[] | undefined;
}

/** Where content is kept in sync: a cluster, and the namespace for what is not shared. */
export interface Scope {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** When the command was given, in milliseconds since 1970: exceptions that have expired by then are left out. */
  readonly now: number;
  /** Replaces the index list of every rule. */
  readonly indices?: readonly string[] | undefined;
  /** Of the index list; looked up on the cluster where not given. */
  readonly subFields?: SubFields | undefined;
  /** How long the data streams keep events (`90d`); for good where not given. Elasticsearch only. */
  readonly retention?: string | undefined;
}

/** One thing as it should be. */
export interface Desired {
  readonly id: string;
  /** A name for a person, where the id is none. */
  readonly title?: string | undefined;
  /** Without ownership mark. */
  readonly body: JsonRecord;
  readonly place?: Place | undefined;
  /** The scripts of its body that have files of their own. */
  readonly scripts?: readonly Script[] | undefined;
}

/** One thing as it is on the cluster. */
export interface Live {
  readonly id: string;
  readonly title?: string | undefined;
  /** As the server gave it, ownership mark included. */
  readonly body: JsonRecord;
  /** Whether it carries our mark, and the mark is for this very id. */
  readonly ours: boolean;
  /** That of the body which we last wrote, as `digestOf` makes it; where the kind keeps it. */
  readonly digest?: string | undefined;
}

/** The verbs of a plan. `put_mapping` and `rollover` are how an update reaches a data stream that already exists. */
export type Action = 'create' | 'update' | 'delete' | 'foreign' | 'put_mapping' | 'rollover';

/** Something that holds data. */
export interface DataHolder {
  readonly id: string;
  /** Ids of what has to stay as long as it is there. */
  readonly refs: readonly string[];
}

/** A kind of thing that can be kept in sync. The engine of the plan knows no kind by name: only these functions. */
export interface Kind {
  readonly name: KindName;
  /** Whether all namespaces share what is of this kind. */
  readonly shared?: boolean;
  /** What the content asks for, in the form that this cluster takes. */
  desired(scope: Scope, content: Content): Promise<readonly Desired[]>;
  /** What is there: everything with one of these ids, and everything that carries our mark. */
  list(scope: Scope, ids: readonly string[]): Promise<readonly Live[]>;
  /** Creates or replaces one; the ownership mark is added here. */
  put(scope: Scope, desired: Desired, action: Action): Promise<void>;
  remove(scope: Scope, id: string): Promise<void>;
  /** How many are put at once, where that is another way. */
  readonly batch?: {
    /** From this many on. */
    readonly from: number;
    /** Like `put` for each. @returns those that failed, by id */
    put(scope: Scope, desired: readonly Desired[]): Promise<ReadonlyMap<string, ProblemError>>;
  };
  /**
   * The form in which two bodies are compared: without marks, server defaults and differences of writing.
   * @param wanted of what is on the cluster, the body that it is compared with: what that one leaves open may be left out
   */
  normalize(body: JsonRecord, wanted?: JsonRecord): JsonRecord;
  /** Ids of the same or another kind that have to be there first. */
  refs(body: JsonRecord): readonly string[];
  /** Whether nothing needs to be done; where a kind does not say, whether the canonical forms are equal. */
  unchanged?(desired: Desired, live: Live): boolean;
  /**
   * Puts our mark on one that is there and not ours, and changes nothing else in it. Of a kind that does not say how, everything
   * is ours by its name.
   */
  mark?(scope: Scope, desired: Desired, live: Live): Promise<void>;
  /** What holds data of the namespace of a scope. */
  dataOf?(scope: Scope): Promise<readonly DataHolder[]>;
  /** Those that are ours, by id and title, of which nothing yet proves that they work, though they are there. */
  unproven?(scope: Scope): Promise<readonly Pick<Live, 'id' | 'title'>[]>;
  /** Of something that alerts: how many of its alerts are open. */
  openAlerts?(scope: Scope, id: string): Promise<number>;
  /** What a deletion does to open alerts, a sentence; absent where it leaves them alone. */
  readonly onDelete?: string;
  /** How a difference is brought to the cluster; `update` where a kind does not say. */
  actionFor?(desired: Desired, live: Live): Action;
}
