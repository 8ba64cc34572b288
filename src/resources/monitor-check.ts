import { ProblemError } from '../errors';
import { canonicalJson, isRecord } from '../json';
import { askAlerting } from '../target/alerting';
import { request, type Target } from '../target/target';
import type { Body } from './kind';
import { indicesOf, soughtBy } from './monitor-body';

/**
 * Runs a monitor that is not stored, without alerts. The plugin stores what can never fire and says 201: a script that does
 * not compile, a path that leads nowhere. A run says so, in one of its errors; `triggered` says nothing.
 * @param end of the window, milliseconds since 1970; now where not given
 * @returns what the run says: in `trigger_results`, by the trigger's id, the groups of every page (`agg_result_buckets`)
 * @throws ProblemError REFUSED with the errors of the run
 */
export async function dryRun(target: Target, monitor: Body, end?: number): Promise<Body> {
  const hint =
    'Nothing was stored. An index that it reads may have odd mappings: name others in `indices` of the settings.';
  const query = { dryrun: true, ...(end !== undefined && { period_end: `${end}ms` }) };
  return execute(target, { path: '', query, body: monitor, hint });
}

/**
 * Runs a stored monitor at the time of the newest event that it finds, so that its alert is stored now and not in some
 * minutes; where no event of the last day matches nothing is run.
 * @throws ProblemError REFUSED with what the run says
 */
export async function runOverNewestMatch(target: Target, id: string, monitor: Body): Promise<void> {
  const newest = await newestMatch(target, monitor);
  if (newest === undefined) return;
  // The end of the window is exclusive.
  await runUntil(target, id, newest + 1);
}

/**
 * Runs a stored monitor over the look-back before a time; its alerts are stored.
 * @param end milliseconds since 1970
 * @throws ProblemError REFUSED with what the run says
 */
export async function runUntil(target: Target, id: string, end: number): Promise<void> {
  const hint = 'The monitor is stored, and does not work yet.';
  await execute(target, { path: `/${encodeURIComponent(id)}`, query: { period_end: `${end}ms` }, hint });
}

async function execute(
  target: Target,
  run: { path: string; query: Readonly<Record<string, string | boolean>>; body?: Body; hint: string },
): Promise<Body> {
  const { path, query, body, hint } = run;
  const answer = (await askAlerting<Body>(target, { method: 'POST', path: `${path}/_execute`, query, body })).body;
  const errors = errorsOf(answer);
  if (errors.length === 0) return answer;
  throw new ProblemError(
    'REFUSED',
    errors.map((said) => ({ where: { url: target.url }, message: `a trial run of the monitor fails: ${said}`, hint })),
  );
}

/** Every error of a run: of the whole, of its search, of its triggers. */
function errorsOf(answer: Body): string[] {
  const triggers = isRecord(answer.trigger_results) ? Object.values(answer.trigger_results) : [];
  const parts = [answer, answer.input_results, ...triggers].filter(isRecord);
  const errors = parts.map(({ error }) => error).filter((error) => error !== null && error !== undefined);
  return [...new Set(errors.map((error) => (typeof error === 'string' ? error : canonicalJson(error))))];
}

/** When the newest event came in that a monitor finds, milliseconds since 1970; undefined where none came in for a day. */
async function newestMatch(target: Target, monitor: Body): Promise<number | undefined> {
  const sought = soughtBy(monitor);
  if (sought === undefined) return undefined;
  const recent = { range: { 'event.ingested': { gte: 'now-24h', lte: 'now' } } };
  const { body } = await request<{ aggregations?: { newest?: { value?: number | null } } }>(target, {
    method: 'POST',
    path: `/${indicesOf(monitor).map(encodeURIComponent).join(',')}/_search`,
    query: { ignore_unavailable: true, allow_no_indices: true },
    body: {
      size: 0,
      query: { bool: { filter: [sought, recent] } },
      aggs: { newest: { max: { field: 'event.ingested' } } },
    },
  });
  return body.aggregations?.newest?.value ?? undefined;
}
