import type { Timer } from '../../src/schedulers/local/timetable';

/** A pace at which time passes only while everybody waits, and then at once. */
export interface Simulation extends Timer {
  /** Does something when so many minutes have passed since the beginning. */
  after(minutes: number, act: () => unknown): void;
}

interface Sleeper {
  readonly until: number;
  readonly signal: AbortSignal;
  readonly wake: () => void;
}

/** @param watches how many live by it; they must end by the same signal */
export function simulation(watches = 1): Simulation {
  const plans: { readonly at: number; readonly act: () => unknown }[] = [];
  let sleepers: Sleeper[] = [];
  let time = 0;

  async function advance(): Promise<void> {
    for (;;) {
      const next = Math.min(...sleepers.map(({ until }) => until));
      const [plan] = plans;
      if (plan === undefined || plan.at > next) {
        time = next;
        wake(({ until }) => until === next);
        return;
      }
      plans.shift();
      time = plan.at;
      await plan.act();
      if (sleepers.some(({ signal }) => signal.aborted)) {
        wake(() => true);
        return;
      }
    }
  }

  function wake(which: (sleeper: Sleeper) => boolean): void {
    const woken = sleepers.filter(which);
    sleepers = sleepers.filter((sleeper) => !which(sleeper));
    for (const sleeper of woken) sleeper.wake();
  }

  return {
    now: () => time,
    chance: () => 1,
    after: (minutes, act) => {
      plans.push({ at: minutes * 60_000, act });
      plans.sort((left, right) => left.at - right.at);
    },
    wait: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ until: time + milliseconds, signal, wake: resolve });
        if (sleepers.length === watches) advance().catch(reject);
      }),
  };
}
