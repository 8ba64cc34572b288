import type { Cluster } from '../cluster/cluster';
import type { RequestContext } from '../cluster/connection';
import type { AlertFilter, AlertStatus } from '../detections/alert-filter';
import type { Rule } from '../detections/rule';
import type { Content, Kind, Scope } from '../resources/kind';
import type { SchedulerName, Settings } from '../settings';
import type { FieldTypes } from '../sigma/field-types';
import type { Alert } from './alert-index-search';
import type { DeploymentRecord } from './deployment-record';
import type { RequestRow, User } from './request-table';
import type { RuleState, DeployedQuery, ExecutableRule } from './deployed-rule';
import { ProblemError } from '../errors';

/** What runs the rules. Everything that differs between schedulers is behind this interface, and nothing else compares their names. */
export interface Scheduler {
  readonly name: SchedulerName;

  /**
   * Makes sure that a cluster can run rules there.
   * @throws ProblemError SETTINGS where it cannot, with what else can
   */
  requireOn(cluster: Cluster): Promise<void>;
  /** Whether rules can run there, for `doctor`: licence, plugin, privileges. A connection that fails is an answer. */
  check(settings: Settings, cluster: Cluster, context: RequestContext): Promise<Check>;
  /**
   * What `init` says where rules can run there.
   * @returns undefined where they cannot
   * @throws ProblemError where that could not be found out
   */
  offer(settings: Settings, cluster: ConnectCluster, context: RequestContext): Promise<string | undefined>;
  /** Requests that only this scheduler makes, and what they need; `doctor` builds its roles on them. */
  readonly requests: readonly RequestRow[];
  /** What a kind of user needs on the server of this scheduler, where that is another than the cluster. */
  roleOn?(user: User, where: { readonly spaces: readonly string[]; readonly events: readonly string[] }): ServerRole;

  /** The kinds of rules, and of what belongs to them, in the order in which they are applied. */
  kinds(scope: Scope): readonly Kind[];
  /** The same kinds when the rules leave for another scheduler: nothing of the content is wanted there. */
  leavingKinds(scope: Scope): readonly Kind[];
  /** What rules that left may have kept here, as seen from the scheduler that has them now. */
  readonly retiredKinds: readonly Kind[];
  /** Whether a thing of a plan holds exceptions of a rule. */
  holdsExceptions(id: string, rule: Rule, namespace: string): boolean;
  /** Whether the content wants a rule to be switched off when it is deployed here. */
  startsDisabled(rule: Rule): boolean;
  /** What a person has to know of a plan or of `destroy`, a sentence each. */
  notes(command: NotedCommand): readonly string[];
  /** Writes down where the rules of a namespace are, where the cluster alone does not tell. `deleted`: some may be gone. */
  recordDeployment(scope: Scope, options: { readonly deleted: boolean }): Promise<void>;
  /** Where a deploy recorded rules of a namespace, if that is a server that cannot be looked at from here. */
  recordedElsewhere(scope: Scope): Promise<DeploymentRecord | undefined>;

  /** The rules of ours, as far as they can be seen; of one namespace, or of all where none is given. */
  findDeployedRules(scope: Scope, namespace?: string): Promise<readonly RulesFound[]>;
  /** How the rules of a namespace are doing. `now` is the cluster's time, milliseconds since 1970. */
  ruleStates(scope: Scope, now: number): Promise<RuleState[]>;
  /** The rules that a deploy stored on the cluster in compiled form; absent on a scheduler that stores none. */
  storedRules?(scope: Scope): Promise<readonly StoredQuery[]>;
  /** What the rules look for as they are deployed. `now` is the cluster's time, milliseconds since 1970. */
  deployedQueries(scope: Scope, content: Content, now: number): Promise<DeployedQuery[]>;
  /** The id by which this scheduler knows a rule. */
  ruleId(uuid: string, namespace: string): string;
  /** A sentence that says that the scheduler is switched off as a whole; null where it is not, or does not say. */
  switchedOff(scope: Scope): Promise<string | null>;
  /**
   * The limits of the scheduler that are passed, a sentence each: those of the deployed rules, and with `content` those that a
   * deploy of it would pass. Absent on a scheduler without such limits.
   */
  limits?(scope: Scope, content?: Content): Promise<readonly string[]>;
  /**
   * Runs the deployed rules of a namespace once, without storing an alert; absent on a scheduler that says when a rule last ran
   * and how that ended.
   * @returns by the rule's UUID; null where the run succeeded, else what went wrong
   */
  tryDeployed?(scope: Scope): Promise<ReadonlyMap<string, string | null>>;
  /** Up to when a rule has read what came in, milliseconds since 1970; undefined where it never ran. */
  processedUntil(deployed: DeployedQuery, now: number): number | undefined;
  /** The same for all rules of a namespace, disabled ones left out; used before they move. */
  allProcessedUntil(states: readonly RuleState[], rules: readonly Rule[], now: number): number | undefined;
  /** Whether it says when a rule last ran. */
  readonly reportsRuns: boolean;

  /**
   * Whether rules that moved here can cover the time since they last ran elsewhere. All in milliseconds since 1970.
   * @throws ProblemError REFUSED where it would take too many runs
   */
  checkCatchUp(scope: Scope, content: Content, since: number, now: number): void;
  /**
   * Lets rules that moved here look at everything that came in since their old scheduler last did, so that no event falls
   * between the two. Looking twice does no harm.
   * @throws ProblemError when that could not be done; the rules are here all the same
   */
  catchUp(scope: Scope, content: Content, since: number, now: number): Promise<void>;

  /** Whether it keeps alerts by itself, beside the alert index. */
  readonly keepsAlerts: boolean;
  /** Where its alerts are. `rules` are those of the content. */
  alerts(scope: Scope, rules: readonly Rule[]): AlertStore;
  /**
   * Alerts that rules left here when they moved to another scheduler.
   * @returns undefined where there are none, or they cannot be seen
   */
  leftAlerts?(scope: Scope, rules: readonly Rule[]): Promise<AlertStore | undefined>;
  /** What else may have silenced an alert there, as a part of a sentence; empty where nothing can. */
  readonly otherSilencers: string;
  /** How a past period is run again, for a person. Times are ISO 8601, `to` exclusive. */
  backfillHint(period: { readonly from: string; readonly to: string }, slug: string, namespace: string): string;

  /**
   * Runs a rule once over the events of a trial; on a scheduler of the cluster, without storing the rule or an alert.
   * @returns what the alert says of each event that has one, by the event's id
   * @throws ProblemError REFUSED when the rule could not run, RULE_INVALID when it cannot be expressed there
   */
  tryRule(trial: Trial, rule: Rule, content: Content): Promise<ReadonlyMap<string, string>>;
  /**
   * The rules in the form that this scheduler imports, offline; undefined where there is no such form.
   * @throws ProblemError RULE_INVALID when a rule cannot be expressed there
   */
  readonly export?: (content: Content, rules: readonly Rule[], options: ExportOptions) => Exported;
}

/** What most schedulers answer where they have nothing of their own. Each spreads it and overrides what differs. */
export const SCHEDULER_DEFAULTS = {
  requests: [],
  requireOn: () => Promise.resolve(),
  retiredKinds: [],
  holdsExceptions: () => false,
  startsDisabled: () => false,
  notes: () => [],
  recordDeployment: () => Promise.resolve(),
  recordedElsewhere: () => Promise.resolve(undefined),
  ruleId: (uuid) => uuid,
  // Without a switch of its own, a rule that does not run is overdue.
  switchedOff: () => Promise.resolve(null),
  reportsRuns: true,
  checkCatchUp: () => undefined,
  keepsAlerts: false,
  otherSilencers: '',
} satisfies Partial<Scheduler>;

/** A scope, and what runs the rules of its namespace. */
export interface ScheduledScope extends Scope {
  readonly scheduler: Scheduler;
}

/** All schedulers, connected as far as the settings say how. */
export type Schedulers = Readonly<Record<SchedulerName, Scheduler>>;

/** Connects to the cluster when it is first asked. */
export type ConnectCluster = () => Promise<Cluster>;

/** The rules of one namespace on one scheduler. */
export interface RulesFound {
  readonly namespace: string;
  /** In words: which rules run where. */
  readonly where: string;
  /** Set where they cannot be changed from here: the settings leave their place out, or it may not be read. */
  readonly apart?: 'recorded' | 'maybe' | undefined;
}

/** A compiled rule as it is stored. */
export type StoredQuery = ExecutableRule;

/** What a scheduler has to say something about. */
export type NotedCommand =
  | { readonly command: 'plan'; readonly leftovers: readonly { readonly kind: string; readonly id: string }[] }
  | { readonly command: 'destroy' };

/** Where a rule is tried: the events, and a namespace of its own. */
export interface Trial {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** The indices that hold the events. */
  readonly events: readonly string[];
}

/** How far behind that of the cluster the clock of what runs a rule may be, in milliseconds. */
export const CLOCK_TOLERANCE = 60_000;

export interface ExportOptions {
  readonly namespace: string;
  /** Replaces the index list of every rule. */
  readonly indices?: readonly string[] | undefined;
  /** The fields of our mappings, see `readFieldTypes`. */
  readonly types: FieldTypes;
  /** Milliseconds since 1970: exceptions that have expired by then are left out. */
  readonly now: number;
}

/** What was exported: as text without newline at its end, and as the data that it is the text of. */
export interface Exported {
  readonly text: string;
  readonly data: unknown;
}

/** What a kind of user needs on a scheduler's own server, and on the cluster for what that server does in the user's name. */
export interface ServerRole {
  readonly indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[];
  /** The body of the request that gives it there; undefined for users who never speak to it. */
  readonly server: object | undefined;
}

/** A status change requested by an analyst. */
export interface StatusChange {
  readonly status: AlertStatus;
  /** Who requested it; Kibana and the alerting plugin keep their own user instead. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Alerts, and what cannot be shown as one, a sentence each. */
export interface Listed {
  readonly alerts: readonly Alert[];
  readonly notes: readonly string[];
}

/** Something that keeps alerts, and what analysts make of them. */
export interface AlertStore {
  /** Its alerts in one form (docs/design.md, "Alert document"): all that are wanted, perhaps more, in any order. */
  list(wanted: AlertFilter): Promise<Listed>;
  /** Why an alert cannot get that status here; undefined where it can. */
  refusal(alert: Alert, status: AlertStatus): string | undefined;
  /** These alerts in the parts that one request each can change. */
  batches(alerts: readonly Alert[]): readonly (readonly Alert[])[];
  /**
   * Gives all of a batch that status.
   * @throws ProblemError REFUSED with each that did not get it, and why
   */
  setStatus(alerts: readonly Alert[], change: StatusChange): Promise<void>;
}

/** What `doctor` found about one thing. */
export interface Check {
  readonly about: string;
  /** `missing`: a command will fail for it. `unknown`: it could not be found out. */
  readonly state: 'ok' | 'warning' | 'missing' | 'unknown';
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}

/**
 * A check that ended in an error of its own.
 * @throws whatever is no problem of the user's, and an interruption
 */
export function failedCheck(about: string, error: unknown): Check {
  if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
  const [problem] = error.problems;
  return { about, state: 'missing', message: problem?.message ?? error.message, fix: problem?.hint };
}
