import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../../src/errors';
import { isRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';

type Json = Record<string, unknown>;

/** What a run of a watch comes to; the parts of Watcher's own record of it. */
export interface WatchRun {
  readonly payload: Json;
  /** Of searches that failed, by name. They leave an empty payload, and the run goes on (ExecutableChainInput). */
  readonly failures: Readonly<Record<string, string>>;
  readonly met: boolean;
  /** What the transform makes of it; null where the condition is not met. */
  readonly transformed: Json | null;
  /** Whether the action of ours would be executed. */
  readonly acts: boolean;
}

export interface RunMoment {
  /** ISO 8601. */
  readonly scheduled: string;
  readonly now?: string;
  readonly alternative?: Json | undefined;
  readonly ignoreCondition?: boolean;
}

/**
 * Runs a watch on a node without Watcher, as far as that can: the templates are rendered, the searches and the scripts run by
 * the node. A script runs in an ingest pipeline, where `ctx` is a document and nothing can be returned, so its last line
 * (`return x;`) becomes an assignment; the rest of it is as it is.
 */
export async function runWatch(
  cluster: Cluster,
  watch: Pick<estypes.WatcherWatch, 'input' | 'condition' | 'transform' | 'actions'>,
  { scheduled, now = scheduled, alternative, ignoreCondition = false }: RunMoment,
): Promise<WatchRun> {
  const failures: Record<string, string> = {};
  const payload = alternative ?? (await readInput(cluster, watch.input, scheduled, failures));
  const { condition, transform, actions } = JSON.parse(JSON.stringify(watch)) as Record<string, { script: Json }>;
  const run = (script: Json | undefined, given: Json): Promise<unknown> => runScript(cluster, script ?? {}, given, now);
  const met = ignoreCondition || (await run(condition?.script, payload)) === true;
  if (!met) return { payload, failures, met, transformed: null, acts: false };
  const transformed = (await run(transform?.script, payload)) as Json;
  const [action] = Object.values(actions ?? {}) as unknown as { condition: { script: Json } }[];
  return { payload, failures, met, transformed, acts: (await run(action?.condition.script, transformed)) === true };
}

async function readInput(
  cluster: Cluster,
  input: estypes.WatcherInputContainer,
  scheduled: string,
  failures: Record<string, string>,
): Promise<Json> {
  const payload: Json = {};
  for (const named of input?.chain?.inputs ?? []) {
    for (const [name, each] of Object.entries(named)) {
      const ctx = { trigger: { scheduled_time: scheduled }, payload };
      try {
        payload[name] = await search(cluster, each?.search?.request ?? {}, ctx);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        failures[name] = error.problems.map(({ message }) => message).join('; ');
        payload[name] = {};
      }
    }
  }
  return payload;
}

async function search(
  cluster: Cluster,
  { indices = [], template }: estypes.WatcherSearchInputRequestDefinition,
  ctx: Json,
): Promise<Json> {
  const body = await render(cluster, String(template?.source), { ctx, ...template?.params });
  const found = await request<Json>(cluster, {
    method: 'POST',
    path: `/${indices.map(encodeURIComponent).join(',')}/_search`,
    query: { ignore_unavailable: true, allow_no_indices: true, rest_total_hits_as_int: true },
    body,
  });
  return found.body;
}

/** By the node, or as mustache does it where that is not there (the Elasticsearch of the tests). */
async function render(cluster: Cluster, source: string, params: Json): Promise<Json> {
  const path = '/_render/template';
  const asked = { method: 'POST', path, body: { source, params }, allow: [400] } as const;
  const { status, body } = await request<{ template_output: Json; error?: unknown }>(cluster, asked);
  if (status === 200) return body.template_output;
  if (!String(body.error).startsWith('no handler found')) throw new Error(JSON.stringify(body));
  const text = source.replace(
    /\{\{#toJson\}\}(\w+)\{\{\/toJson\}\}|\{\{([\w.]+)\}\}/g,
    (_, json?: string, name = '') =>
      json === undefined ? String(valueOf(params, String(name).split('.'))) : JSON.stringify(params[json]),
  );
  return JSON.parse(text) as Json;
}

function valueOf(params: Json, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), params);
}

async function runScript(cluster: Cluster, script: Json, payload: Json, now: string): Promise<unknown> {
  const { lang, source, params } = script;
  const assigned = String(source).replace(
    /return ([^;]*);$/,
    "ctx.execution_time = ZonedDateTime.parse(ctx.execution_time); ctx.result = $1; ctx.remove('execution_time'); ctx.remove('payload');",
  );
  const { body } = await request<{ docs: { doc?: { _source: Json }; error?: unknown }[] }>(cluster, {
    method: 'POST',
    path: '/_ingest/pipeline/_simulate',
    body: {
      pipeline: { processors: [{ script: { lang, source: assigned, ...(isRecord(params) && { params }) } }] },
      docs: [{ _source: { payload, execution_time: now } }],
    },
  });
  const [first] = body.docs;
  if (first?.doc === undefined) throw new Error(`the script failed: ${JSON.stringify(first?.error)}`);
  return first.doc._source.result;
}

/** Writes what a run would write, as the index action does: one bulk request that creates. @returns the status of each */
export async function writeAlerts(cluster: Cluster, index: string, { transformed, acts }: WatchRun): Promise<number[]> {
  const documents = acts ? ((transformed?._doc ?? []) as Json[]) : [];
  if (documents.length === 0) return [];
  const lines = documents.map(
    ({ _id: id, ...source }) => `${JSON.stringify({ create: { _id: id } })}\n${JSON.stringify(source)}\n`,
  );
  const { body } = await request<{ items: { create: { status: number } }[] }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: true },
    ndjson: lines.join(''),
  });
  return body.items.map(({ create }) => create.status);
}
