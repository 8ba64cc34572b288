import type { Cluster } from '../cluster/cluster';
import type { Content, Kind, Scope } from '../resources/kind';
import { kindsFor } from '../schedulers';
import type { ScheduledScope, Scheduler, Schedulers } from '../schedulers/scheduler';
import type { SchedulerName } from '../settings';
import { applyPlan, type Applied, type AppliedChange } from './apply';
import { makePlan, type Plan } from './plan';

const NOTHING: Content = { resources: [], rules: [] };

/** Our content in one namespace of one cluster, and the scheduler that runs its rules. */
export class Deployment implements ScheduledScope {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly now: number;
  readonly indices: readonly string[] | undefined;
  readonly retention: string | undefined;
  readonly scheduler: Scheduler;

  /**
   * @param schedulers all of them, as far as they are connected
   * @param name the one that runs the rules
   */
  constructor(
    scope: Scope,
    readonly schedulers: Schedulers,
    name: SchedulerName,
  ) {
    this.cluster = scope.cluster;
    this.namespace = scope.namespace;
    this.now = scope.now;
    this.indices = scope.indices;
    this.retention = scope.retention;
    this.scheduler = schedulers[name];
  }

  /** The same with another scheduler, or with changes to its scope. */
  with({ scheduler, ...changes }: Partial<Scope> & { readonly scheduler?: SchedulerName }): Deployment {
    return new Deployment({ ...this.scope(), ...changes }, this.schedulers, scheduler ?? this.scheduler.name);
  }

  /** The schedulers that do not run its rules. */
  otherSchedulers(): Scheduler[] {
    return Object.values(this.schedulers).filter(({ name }) => name !== this.scheduler.name);
  }

  /** Everything that is kept in sync, in the order in which it is applied. */
  kinds(): readonly Kind[] {
    return kindsFor(this, this.scheduler, this.schedulers);
  }

  /**
   * Compares the content with the cluster. Nothing is changed.
   * @param options.prune plans the deletion of what is ours and no longer in the content
   * @throws ProblemError when the cluster cannot be read
   */
  plan(content: Content, { prune }: { readonly prune: boolean }): Promise<Plan> {
    return makePlan(this, content, { prune, kinds: this.kinds() });
  }

  /**
   * What takes the rules from their scheduler, and leaves everything else unchanged: open alerts as well, where a scheduler keeps
   * its alerts with its rules.
   * @throws ProblemError when the cluster cannot be read
   */
  planToLeave(): Promise<Plan> {
    return makePlan(this, NOTHING, { prune: true, kinds: this.scheduler.leavingKinds(this) });
  }

  /**
   * Carries out a plan, see {@link applyPlan}.
   * @param onStep called for each change when it has ended
   */
  apply(plan: Plan, onStep: (change: AppliedChange) => void = () => undefined): Promise<Applied> {
    return applyPlan(this, plan, onStep);
  }

  private scope(): Scope {
    const { cluster, namespace, now, indices, retention } = this;
    return { cluster, namespace, now, indices, retention };
  }
}
