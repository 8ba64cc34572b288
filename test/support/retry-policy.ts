import type { RetryPolicy } from '../../src/cluster/retry-policy';

/** A retry policy without pauses: each pause ends at once, unless the command was interrupted. */
export function quick(change: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    attempts: 4,
    pause: 500,
    longest: 30_000,
    timeout: 60_000,
    random: () => 1,
    wait: (_, signal) => {
      signal?.throwIfAborted();
      return Promise.resolve();
    },
    ...change,
  };
}
