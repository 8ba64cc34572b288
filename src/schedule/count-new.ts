import { ProblemError } from '../errors';
import { request, type Target } from '../target/target';
import type { AlertWrite } from './bulk';

interface Got {
  readonly docs: readonly {
    readonly found?: boolean;
    readonly error?: { readonly type?: string; readonly reason?: string };
  }[];
}

const MOST_IDS = 1_000;

/**
 * How many alerts {@link writeAlerts} would create; nothing is written. An index that is not there holds none of them.
 * @throws ProblemError REFUSED when it cannot be said of one whether it is there
 */
export async function countNew(target: Target, index: string, alerts: Iterable<AlertWrite>): Promise<number> {
  let absent = 0;
  let ids: string[] = [];
  for (const { id } of alerts) {
    ids.push(id);
    if (ids.length < MOST_IDS) continue;
    absent += await countAbsent(target, index, ids);
    ids = [];
  }
  return ids.length === 0 ? absent : absent + (await countAbsent(target, index, ids));
}

async function countAbsent(target: Target, index: string, ids: readonly string[]): Promise<number> {
  const path = `/${encodeURIComponent(index)}/_mget`;
  const asked = { method: 'POST', path, query: { _source: false }, body: { ids } } as const;
  const { docs } = (await request<Got>(target, asked)).body;
  const error = docs.map((each) => each.error).find((each) => each !== undefined && each.type !== NO_INDEX);
  if (error !== undefined) {
    const message = `whether alerts are there cannot be said: ${error.type ?? 'error'}: ${error.reason ?? 'no reason given'}`;
    throw new ProblemError('REFUSED', [{ where: { url: `${target.url}${path}`, method: 'POST' }, message }]);
  }
  return docs.filter(({ found }) => found !== true).length;
}

const NO_INDEX = 'index_not_found_exception';
