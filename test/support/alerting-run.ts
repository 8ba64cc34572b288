import { isRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import { bucketTriggers, listOf, type Json } from './alerting-validate';

/** What a run found: the buckets of each trigger, or what went wrong; the errors stand where the plugin puts them. */
export interface Ran {
  readonly inputError: string | null;
  readonly triggers: Readonly<Record<string, { readonly error: string | null; readonly buckets: readonly Json[] }>>;
}

/**
 * Runs a bucket-level monitor on the real engine as the plugin does: fills the search in as a template, reads composite pages
 * to the end, and lets the engine's bucket_selector decide the trigger's condition.
 * @param end milliseconds since 1970
 */
export async function runMonitor(cluster: Cluster, monitor: Json, end: number): Promise<Ran> {
  const [input] = listOf(monitor.inputs);
  const search = isRecord(input?.search) ? input.search : undefined;
  const triggers = bucketTriggers(monitor);
  if (search === undefined) {
    const error = "Empty collection can't be reduced.";
    return {
      inputError: error,
      triggers: Object.fromEntries(triggers.map(({ id }) => [String(id), { error, buckets: [] }])),
    };
  }
  const filled = JSON.parse(fillIn(JSON.stringify(search.query), end, monitor)) as Json;
  const found: Record<string, Ran['triggers'][string]> = {};
  let inputError: string | null = null;
  for (const trigger of triggers) {
    const ran = await runTrigger(cluster, search.indices as string[], filled, trigger);
    inputError ??= ran.inputError;
    found[String(trigger.id)] = ran;
  }
  return { inputError, triggers: found };
}

/** Mustache with the values of a run: what is no value of it becomes nothing. */
function fillIn(template: string, end: number, { schedule }: Json): string {
  const { interval, unit } = (schedule as { period: { interval: number; unit: string } }).period;
  const start = end - interval * (UNITS[unit.toUpperCase()] ?? 60_000);
  const values: Record<string, string> = { period_start: String(start), period_end: String(end) };
  return template.replace(/\{\{\{?\s*([^{}]*?)\s*\}?\}\}/g, (_, name: string) => values[name] ?? '');
}

const UNITS: Readonly<Record<string, number>> = { SECONDS: 1_000, MINUTES: 60_000, HOURS: 3_600_000, DAYS: 86_400_000 };

type TriggerRun = { inputError: string | null; error: string | null; buckets: Json[] };

async function runTrigger(
  cluster: Cluster,
  indices: readonly string[],
  search: Json,
  trigger: Json,
): Promise<TriggerRun> {
  const failed = (error: string, inputError: string | null = null): TriggerRun => ({ inputError, error, buckets: [] });
  const { parent_bucket_path: path, ...condition } = trigger.condition as Json;
  const parent = isRecord(search.aggregations) ? search.aggregations[String(path)] : undefined;
  if (!isRecord(parent)) return failed(`ParentBucketPath: ${String(path)} not found in input query results`);
  const selected = {
    ...(isRecord(parent.aggregations) ? parent.aggregations : {}),
    [String(trigger.id)]: { bucket_selector: condition },
  };
  const composite = isRecord(parent.composite) ? parent.composite : undefined;
  const buckets: Json[] = [];
  let after: unknown;
  do {
    const page = {
      ...parent,
      ...(after !== undefined && { composite: { ...composite, after } }),
      aggregations: selected,
    };
    const answer = await ask(cluster, indices, { ...search, aggregations: { [String(path)]: page } });
    if (typeof answer === 'string') return failed(answer, answer);
    const result = isRecord(answer.aggregations) ? answer.aggregations[String(path)] : undefined;
    // An answer of no shard at all has no aggregations. (As the source reads; not seen running.)
    if (!isRecord(result)) return failed('null cannot be cast to non-null type java.util.HashMap<*, *>');
    for (const bucket of listOf(result.buckets)) {
      const keys = isRecord(bucket.key) ? Object.values(bucket.key) : [bucket.key];
      if (keys.includes(null)) return failed('Cannot invoke "Object.toString()" because "it" is null');
      buckets.push(bucket);
    }
    after = composite === undefined ? undefined : result.after_key;
  } while (after !== undefined);
  return { inputError: null, error: null, buckets };
}

/** @returns the answer, or what the engine says is wrong */
async function ask(cluster: Cluster, indices: readonly string[], body: Json): Promise<Json | string> {
  const path = indices.map(encodeURIComponent).join(',');
  const response = await fetch(`${cluster.url}/${path}/_search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Json;
  if (response.ok) return answer;
  const error = isRecord(answer.error) ? answer.error : {};
  const [cause] = listOf(error.root_cause);
  return String(cause?.reason ?? error.reason);
}
