import { isRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import { Renderer, RenderError } from './alerting-render';
import { bucketTriggers, listOf, type Json } from './alerting-validate';

/** What a trigger found on the pages that could be read, and what went wrong. */
interface TriggerRun {
  readonly error: string | null;
  readonly buckets: readonly Json[];
}

/** What a run found; the errors stand where the plugin puts them. */
export interface Ran {
  readonly inputError: string | null;
  readonly triggers: Readonly<Record<string, TriggerRun>>;
  /** The same page came again: the plugin asks for it for ever, and stores its alerts each time. */
  readonly endless: boolean;
}

/** What the plugin says of a trigger whose page could not be read. */
const NO_PAGE = "Empty list doesn't contain element at index 0.";

/**
 * Runs a bucket-level monitor on the real engine as the plugin does: renders each page's search as a template, the key of the
 * last page's last bucket in it; reads composite pages until there is no such key; and lets the engine's bucket_selector decide
 * the trigger's condition.
 * @param end milliseconds since 1970
 */
export async function runMonitor(
  cluster: Cluster,
  monitor: Json,
  end: number,
  renderer = new Renderer(cluster),
): Promise<Ran> {
  const [input] = listOf(monitor.inputs);
  const search = isRecord(input?.search) ? input.search : undefined;
  const triggers = bucketTriggers(monitor);
  if (search === undefined) {
    const error = "Empty collection can't be reduced.";
    const failed = triggers.map(({ id }) => [String(id), { error, buckets: [] }] as const);
    return { inputError: error, triggers: Object.fromEntries(failed), endless: false };
  }
  const period = { start: end - intervalOf(monitor), end };
  const pages = new Pages(cluster, renderer, search.indices as string[], period);
  const found: Record<string, TriggerRun> = {};
  for (const trigger of triggers) found[String(trigger.id)] = await pages.run(search.query as Json, trigger);
  return { inputError: pages.inputError, triggers: found, endless: pages.endless };
}

function intervalOf({ schedule }: Json): number {
  const { interval, unit } = (schedule as { period: { interval: number; unit: string } }).period;
  return interval * (UNITS[unit.toUpperCase()] ?? 60_000);
}

const UNITS: Readonly<Record<string, number>> = { SECONDS: 1_000, MINUTES: 60_000, HOURS: 3_600_000, DAYS: 86_400_000 };

class Pages {
  inputError: string | null = null;
  endless = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly renderer: Renderer,
    private readonly indices: readonly string[],
    private readonly period: { readonly start: number; readonly end: number },
  ) {}

  async run(search: Json, trigger: Json): Promise<TriggerRun> {
    const { parent_bucket_path: path, ...condition } = trigger.condition as Json;
    const parent = isRecord(search.aggregations) ? search.aggregations[String(path)] : undefined;
    if (!isRecord(parent)) {
      return { error: `ParentBucketPath: ${String(path)} not found in input query results`, buckets: [] };
    }
    const selected = {
      ...(isRecord(parent.aggregations) ? parent.aggregations : {}),
      [String(trigger.id)]: { bucket_selector: condition },
    };
    const composite = isRecord(parent.composite) ? parent.composite : undefined;
    const buckets: Json[] = [];
    let after: unknown;
    do {
      const keyed = after !== undefined && { composite: { ...composite, after } };
      const page = { ...parent, ...keyed, aggregations: selected };
      const answer = await this.read({ ...search, aggregations: { [String(path)]: page } });
      if (typeof answer === 'string') {
        if (after === undefined) this.inputError ??= answer;
        return { error: after === undefined ? answer : NO_PAGE, buckets };
      }
      const result = isRecord(answer.aggregations) ? answer.aggregations[String(path)] : undefined;
      // An answer of no shard at all has no aggregations. (As the source reads; not seen running.)
      if (!isRecord(result)) return { error: 'null cannot be cast to non-null type java.util.HashMap<*, *>', buckets };
      for (const bucket of listOf(result.buckets)) {
        const keys = isRecord(bucket.key) ? Object.values(bucket.key) : [bucket.key];
        if (keys.includes(null)) return { error: 'Cannot invoke "Object.toString()" because "it" is null', buckets };
        buckets.push(bucket);
      }
      const next = composite === undefined ? undefined : result.after_key;
      this.endless = next !== undefined && JSON.stringify(next) === JSON.stringify(after);
      after = next;
    } while (after !== undefined && !this.endless);
    return { error: null, buckets };
  }

  /** @returns the answer, or what is wrong with it in the words of the engine */
  private async read(search: Json): Promise<Json | string> {
    try {
      const filled = await this.renderer.render(JSON.stringify(search), this.period);
      return await ask(this.cluster, this.indices, filled);
    } catch (error) {
      if (error instanceof RenderError) return error.message;
      throw error;
    }
  }
}

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
