const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration as Elasticsearch and Kibana write it: a whole number and one of `s`, `m`, `h`, `d`.
 * @returns undefined when the text is no such duration
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** A span of time for a person: `850 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((milliseconds % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long to wait before a request is repeated. */
export interface Backoff {
  /** The bound after the first failure, in milliseconds; it doubles with each further one. */
  readonly first: number;
  /** The largest bound, in milliseconds. */
  readonly longest: number;
  /**
   * The share of the bound that is left to chance, from 0 to 1, so that clients that failed together do not come back together. 1 is
   * "full jitter" (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
   */
  readonly jitter: number;
}

/**
 * Milliseconds to wait before the next attempt.
 * @param failures so far, from 1
 * @param chance from 0 to 1
 */
export function backoff(failures: number, { first, longest, jitter }: Backoff, chance: number): number {
  return Math.min(longest, first * 2 ** (failures - 1)) * (1 - jitter + jitter * chance);
}
