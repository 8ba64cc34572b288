import * as fc from 'fast-check';
import { type TestServer, STREAMS, type Indexed, type Source } from './test-server';
import { writeJson } from '../../src/text/lossless-json';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { deleteStreams } from './delete-streams';
import { request } from './request';
import type { Json } from './mutate';

/** `FUZZ_EVENTS=1000000 FUZZ_SEED=n npx jest test/fuzz/…` asks for a million. */
export const EVENTS = Number(process.env['FUZZ_EVENTS'] ?? 2000);

const SEED = Number(process.env['FUZZ_SEED'] ?? 20261122);

/** A long run is in a hurry, and its first fault is told as it is: shrinking a batch of thousands would not end. */
const LONG = EVENTS > 20_000;

const BATCH = LONG ? 2400 : 300;

/** Milliseconds. */
const SHRINKING = 30_000;

/**
 * Tries many batches of events; a failure is shrunk to few events, but in a long run.
 * @param firstFault what is wrong with the first of a batch with which anything is
 * @param events so many are sent, or a few more or less
 * @param together looks at all that the node holds, with which nothing is wrong one by one, before it is taken away
 * @returns how many were
 */
export async function tryBatches<T>(
  node: TestServer,
  one: fc.Arbitrary<T>,
  firstFault: (batch: readonly T[]) => Promise<string | undefined>,
  events: number,
  together: (all: readonly T[]) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  let until = Infinity;
  let sent = 0;
  let all: T[] = [];
  // Without bias, which would make most batches small.
  const batch = fc.noBias(fc.array(one, { minLength: 1, maxLength: BATCH, size: 'max' }));
  const property = fc.asyncProperty(batch, async (some) => {
    sent += some.length;
    // Shrinking ends in time: what is found by then is told.
    if (Date.now() > until) return;
    try {
      expect(await firstFault(some)).toBeUndefined();
    } catch (error) {
      until = Math.min(until, Date.now() + SHRINKING);
      throw error;
    }
    all.push(...some);
    if (sent % 20_000 >= some.length) return;
    await together(all);
    await forget(node);
    all = [];
  });
  const details = await fc.check(property, {
    seed: SEED,
    numRuns: Math.ceil((2 * events) / BATCH),
    endOnFailure: LONG,
  });
  expect(
    details.failed ? [`seed ${details.seed}, path ${details.counterexamplePath}`, details.errorInstance] : [],
  ).toEqual([]);
  await together(all);
  return sent;
}

/** What became of a document: its `_source` and the rules that find it; `refused` where it was not indexed. */
export type Fate = { readonly refused: string } | { readonly indexed: Indexed; readonly rules: readonly string[] };

interface Item {
  readonly create: { readonly _id?: string; readonly status: number; readonly error?: unknown };
}

interface Bulk {
  readonly items?: readonly Item[];
  readonly error?: unknown;
}

interface Hits {
  readonly hits: {
    readonly hits: readonly { readonly _id: string; readonly _source: Indexed; readonly matched_queries?: string[] }[];
  };
}

const rules = readRules('rules');

const ANY_ERROR = [400, 409, 413, 429, 500, 502, 503];

/** Sends documents as one bulk request and looks what became of each, in their order. */
export async function fates(node: TestServer, source: Source, documents: readonly Json[]): Promise<Fate[]> {
  if (documents.length === 0) return [];
  const items = await sent(node, source, documents.map(writeJson));
  const body = {
    size: documents.length,
    query: {
      bool: {
        filter: [{ ids: { values: items.flatMap((item) => ('id' in item ? [item.id] : [])) } }],
        should: rules.map((rule) => ({ bool: { must: [toQueryDsl(rule)], _name: rule.slug } })),
      },
    },
  };
  const path = `/${stream(node, source)}/_search`;
  const found = await request<Hits>(node.cluster, { method: 'POST', path, body, allow: [404] });
  const hits = new Map((found.status === 404 ? [] : found.body.hits.hits).map((hit) => [hit._id, hit]));
  return items.map((item) => {
    if ('refused' in item) return item;
    const hit = hits.get(item.id);
    if (hit === undefined) return { refused: 'answered 201 and is not there' };
    return { indexed: hit._source, rules: hit.matched_queries ?? [] };
  });
}

/** Empties the data streams; a million documents need not all be kept. */
export async function forget(node: TestServer): Promise<void> {
  const names = Object.values(STREAMS).map((name) => `${name}-${node.namespace}`);
  for (const name of names) await deleteStreams(node.cluster, name);
}

function stream(node: TestServer, source: Source): string {
  return `${STREAMS[source]}-${node.namespace}`;
}

type Sent = { readonly id: string } | { readonly refused: string };

/** A request that fails as a whole is sent again in halves, until the document that fails it stands alone. */
async function sent(node: TestServer, source: Source, lines: readonly string[]): Promise<Sent[]> {
  const { status, body } = await request<Bulk>(node.cluster, {
    method: 'POST',
    path: `/${stream(node, source)}/_bulk`,
    query: { refresh: true },
    ndjson: lines.map((line) => `{"create":{}}\n${line}\n`).join(''),
    allow: ANY_ERROR,
  });
  const whole =
    body.items === undefined || (body.items.length > 1 && body.items.every(({ create }) => create.status !== 201));
  if (whole && lines.length > 1) {
    const half = lines.length >> 1;
    return [...(await sent(node, source, lines.slice(0, half))), ...(await sent(node, source, lines.slice(half)))];
  }
  if (body.items === undefined) return [{ refused: `the whole request: ${status} ${JSON.stringify(body.error)}` }];
  return body.items.map(({ create }) =>
    create.status === 201 ? { id: create._id ?? '' } : { refused: `${create.status} ${JSON.stringify(create.error)}` },
  );
}
