import { isRecord } from '../../src/json';

export type Thing = Record<string, unknown>;

/** A watch as Watcher keeps it. */
export interface KeptWatch {
  watch: Thing;
  active: boolean;
  seqNo: number;
  version: number;
  /** What the status says of the last run, where there was one. */
  ran?: Thing;
}

/** An answer of Elasticsearch that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    reason: string,
  ) {
    super(reason);
  }

  body(): Thing {
    const error = { type: this.type, reason: this.message };
    return { error: { root_cause: [error], ...error }, status: this.status };
  }
}

/** As Elasticsearch gives a watch back: with the defaults of scripts, templates and searches written out. */
export function givenBack(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => givenBack(item));
  if (!isRecord(value)) return value;
  if (key === 'params' || key === 'metadata') return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, givenBack(member, name)]));
  if (key === 'script') return { lang: 'painless', ...inner };
  if (key === 'template') return { lang: 'mustache', ...inner };
  return key === 'request' ? { search_type: 'query_then_fetch', rest_total_hits_as_int: true, ...inner } : inner;
}

export function statusOf({ active, version, ran = {} }: KeptWatch): Thing {
  const timestamp = '2026-01-01T00:00:00.000Z';
  const alerts = { ack: { timestamp, state: 'awaits_successful_execution' } };
  return { state: { active, timestamp }, actions: { alerts }, version, ...ran };
}
