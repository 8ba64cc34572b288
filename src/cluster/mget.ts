import { refusal } from './failure';
import { request, type Cluster } from './cluster';

/** A document by its id, as it is now, whether or not a search could find it. */
export interface Got {
  readonly _index: string;
  readonly _id: string;
  /** False also where its index is not there. */
  readonly found?: boolean;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
  readonly _source?: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly docs: readonly (Got & { readonly error?: { readonly type?: string; readonly reason?: string } })[];
}

interface Wanted {
  /** An index; each document names its own where not given. */
  readonly index?: string;
  readonly query?: Readonly<Record<string, string | boolean>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Documents by their ids. The answer is 200 even where each of them is refused: that one may not be read does not say that it
 * is not there.
 * @throws ProblemError FORBIDDEN when one may not be read, REFUSED when it cannot be said of one whether it is there
 */
export async function mget(cluster: Cluster, { index, query, body }: Wanted): Promise<readonly Got[]> {
  const path = index === undefined ? '/_mget' : `/${encodeURIComponent(index)}/_mget`;
  const asked = { method: 'POST', path, body, ...(query !== undefined && { query }) } as const;
  const { docs } = (await request<Answer>(cluster, asked)).body;
  const error = docs.map((each) => each.error).find((each) => each !== undefined && each.type !== NO_INDEX);
  if (error === undefined) return docs;
  throw refusal(error.type === 'security_exception' ? 403 : 500, { error }, { ...asked, url: `${cluster.url}${path}` });
}

const NO_INDEX = 'index_not_found_exception';
