import { isRecord } from '../json';
import { request, type Request, type Cluster } from '../cluster/cluster';
import { listOf } from '../lists';

/** Whether an action is allowed; undefined where that could not be found out. */
export type Verdict = boolean | undefined;

/** A name that nothing of ours or anybody else's has. */
const NONE = 'wmi-detections-no-such';

const SCROLL = 'bm9uZQ==';

type Asks = Readonly<Record<string, (name: string) => Request>>;

/** A request for each action that only looks, which is simply made. */
const LOOKS: Asks = {
  'cluster:monitor/main': () => ({ method: 'GET', path: '/' }),
  'cluster:monitor/stats': () => ({ method: 'GET', path: '/_cluster/stats' }),
  'cluster:admin/ingest/pipeline/get': () => ({ method: 'GET', path: '/_ingest/pipeline' }),
  'cluster:admin/ingest/pipeline/simulate': () => ({
    method: 'POST',
    path: `/_ingest/pipeline/${NONE}/_simulate`,
    body: { docs: [] },
  }),
  'cluster:admin/component_template/get': () => ({ method: 'GET', path: '/_component_template' }),
  'indices:admin/index_template/get': () => ({ method: 'GET', path: '/_index_template' }),
  'indices:data/read/scroll': () => ({ method: 'POST', path: '/_search/scroll', body: { scroll_id: SCROLL } }),
  'indices:data/read/scroll/clear': () => ({
    method: 'DELETE',
    path: '/_search/scroll',
    body: { scroll_id: [SCROLL] },
  }),
  'indices:data/read/mget': () => ({ method: 'POST', path: '/_mget', body: { docs: [{ _index: NONE, _id: NONE }] } }),
  'indices:data/read/mget*': (name) => ({ method: 'POST', path: `/${name}/_mget`, body: { ids: [NONE] } }),
  'indices:data/read/get': (name) => ({ method: 'GET', path: `/${name}/_doc/${NONE}` }),
  'indices:data/read/search': (name) => ({ method: 'POST', path: `/${name}/_search`, body: { size: 0 } }),
  'indices:admin/data_stream/get': (name) => ({ method: 'GET', path: `/_data_stream/${name}` }),
  'indices:admin/mappings/get': (name) => ({ method: 'GET', path: `/${name}/_mapping` }),
  'indices:admin/refresh*': (name) => ({ method: 'POST', path: `/${name}/_refresh` }),
  'indices:monitor/stats': (name) => ({ method: 'GET', path: `/${name}/_stats` }),
};

const create = (name: string): Request => ({
  method: 'PUT',
  path: `/${name}`,
  body: { settings: { [NONE]: true } },
});

/**
 * A request for each action that changes something. It is asked whether it is allowed (`perform_permission_check`), and is
 * such that it would change nothing even if it were carried out. So none deletes an index, and none is a write into a shard:
 * of those actions nothing is found out.
 */
const CHANGES: Asks = {
  'cluster:admin/ingest/pipeline/put': () => ({
    method: 'PUT',
    path: `/_ingest/pipeline/${NONE}`,
    body: { processors: [{ [NONE]: {} }] },
  }),
  'cluster:admin/ingest/pipeline/delete': () => ({ method: 'DELETE', path: `/_ingest/pipeline/${NONE}` }),
  'cluster:admin/component_template/put': () => ({
    method: 'PUT',
    path: `/_component_template/${NONE}`,
    body: { template: { mappings: { properties: { field: { type: NONE } } } } },
  }),
  'cluster:admin/component_template/delete': () => ({ method: 'DELETE', path: `/_component_template/${NONE}` }),
  'indices:admin/index_template/put': () => ({
    method: 'PUT',
    path: `/_index_template/${NONE}`,
    body: { index_patterns: [NONE], composed_of: [NONE] },
  }),
  'indices:admin/index_template/delete': () => ({ method: 'DELETE', path: `/_index_template/${NONE}` }),
  'indices:data/write/bulk': () => ({
    method: 'POST',
    path: '/_bulk',
    ndjson: `${JSON.stringify({ delete: { _index: NONE, _id: NONE } })}\n`,
  }),
  'indices:data/write/index': (name) => ({
    method: 'PUT',
    path: `/${name}/_doc/${NONE}`,
    query: { require_alias: true },
    body: {},
  }),
  'indices:data/write/update': (name) => ({
    method: 'POST',
    path: `/${name}/_update/${NONE}`,
    query: { require_alias: true },
    body: { doc: {} },
  }),
  'indices:data/write/delete': (name) => ({ method: 'DELETE', path: `/${name}/_doc/${NONE}` }),
  'indices:admin/mapping/put': (name) => ({ method: 'PUT', path: `/${name}/_mapping`, body: {} }),
  'indices:admin/rollover': (name) => ({ method: 'POST', path: `/${name}/_rollover`, query: { dry_run: true } }),
  'indices:admin/create': create,
  // Everything on indices of a test, beginning with that.
  'indices:*': create,
};

/** Whether the security plugin answers a request that it is only asked about: since 3.2. An older one refuses the parameter. */
export async function answersQuestions(cluster: Cluster): Promise<boolean> {
  return (await asked(cluster, { method: 'GET', path: '/_ingest/pipeline' })) !== undefined;
}

/**
 * Whether the present user may do an action of OpenSearch.
 * @param name the index or pattern that it is about; empty for an action of the cluster
 * @param questions what {@link answersQuestions} said
 */
export async function isAllowed(cluster: Cluster, action: string, name: string, questions: boolean): Promise<Verdict> {
  // A pattern of a role holds for a name that it fits, while of a pattern in a request only what is there counts.
  const concrete = encodeURIComponent(name.replaceAll('*', 'any'));
  const look = LOOKS[action];
  if (look !== undefined) return tried(cluster, look(concrete));
  const change = CHANGES[action];
  return change === undefined || !questions ? undefined : asked(cluster, change(concrete));
}

async function tried(cluster: Cluster, look: Request): Promise<boolean> {
  const { status, body } = await request<unknown>(cluster, { ...look, allow: [400, 403, 404] });
  // A document that may not be read is refused in an answer that is well as a whole.
  const docs = isRecord(body) ? listOf(body.docs) : [];
  const refused = docs.some((doc) => isRecord(doc) && isRecord(doc.error) && doc.error.type === 'security_exception');
  return status !== 403 && !refused;
}

async function asked(cluster: Cluster, change: Request): Promise<Verdict> {
  const query = { ...change.query, perform_permission_check: true };
  const { body } = await request<unknown>(cluster, { ...change, query, retry: false, allow: FAILURES });
  return isRecord(body) && typeof body.accessAllowed === 'boolean' ? body.accessAllowed : undefined;
}

const FAILURES = Array.from({ length: 200 }, (_, index) => 400 + index);
