import type { Client } from '@elastic/elasticsearch';
import type { TransportRequestOptionsWithMeta, TransportResult } from '@elastic/transport';
import { isRecord } from '../json';
import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';
import { listOf } from '../lists';

/** Whether an action is allowed; undefined where that could not be found out. */
export type Verdict = boolean | undefined;

/** A name that nothing of ours or anybody else's has. */
const NONE = 'wmi-detections-no-such';

const SCROLL = 'bm9uZQ==';

/** A request about a name, which is empty for an action of the cluster. */
type Probe = (client: Client, name: string, options: TransportRequestOptionsWithMeta) => Promise<TransportResult>;

/** A request for each action that only looks, which is simply made. */
const LOOKS: Readonly<Record<string, Probe>> = {
  'cluster:monitor/main': (client, _, options) => client.info({}, options),
  'cluster:monitor/stats': (client, _, options) => client.cluster.stats({}, options),
  'cluster:admin/ingest/pipeline/get': (client, _, options) => client.ingest.getPipeline({}, options),
  'cluster:admin/ingest/pipeline/simulate': (client, _, options) =>
    client.ingest.simulate({ id: NONE, docs: [] }, options),
  'cluster:admin/component_template/get': (client, _, options) => client.cluster.getComponentTemplate({}, options),
  'indices:admin/index_template/get': (client, _, options) => client.indices.getIndexTemplate({}, options),
  'indices:data/read/scroll': (client, _, options) => client.scroll({ scroll_id: SCROLL }, options),
  'indices:data/read/scroll/clear': (client, _, options) => client.clearScroll({ scroll_id: [SCROLL] }, options),
  'indices:data/read/msearch': (client, _, options) =>
    client.msearch({ searches: [{ index: NONE, ignore_unavailable: true }, { size: 0 }] }, options),
  'indices:data/read/mget': (client, _, options) => client.mget({ docs: [{ _index: NONE, _id: NONE }] }, options),
  'indices:data/read/mget*': (client, index, options) => client.mget({ index, ids: [NONE] }, options),
  'indices:data/read/get': (client, index, options) => client.get({ index, id: NONE }, options),
  'indices:data/read/search': (client, index, options) => client.search({ index, size: 0 }, options),
  'indices:admin/data_stream/get': (client, name, options) => client.indices.getDataStream({ name }, options),
  'indices:admin/get': (client, index, options) => client.indices.get({ index }, options),
  'indices:data/read/field_caps*': (client, index, options) =>
    client.fieldCaps({ index, ...untyped({ querystring: { fields: '@timestamp' } }) }, options),
  'indices:admin/mappings/get': (client, index, options) => client.indices.getMapping({ index }, options),
  'indices:admin/refresh*': (client, index, options) => client.indices.refresh({ index }, options),
  'indices:monitor/stats': (client, index, options) => client.indices.stats({ index }, options),
};

const create: Probe = (client, index, options) => client.indices.create({ index, settings: { [NONE]: true } }, options);

/**
 * A request for each action that changes something. It is asked whether it is allowed (`perform_permission_check`), and is
 * such that it would change nothing even if it were carried out. So none deletes an index, and none is a write into a shard:
 * of those actions nothing is found out.
 */
const CHANGES: Readonly<Record<string, Probe>> = {
  'cluster:admin/ingest/pipeline/put': (client, _, options) =>
    client.ingest.putPipeline({ id: NONE, processors: [untyped({ [NONE]: {} })] }, options),
  'cluster:admin/ingest/pipeline/delete': (client, _, options) => client.ingest.deletePipeline({ id: NONE }, options),
  'cluster:admin/component_template/put': (client, _, options) => {
    const template = untyped({ mappings: { properties: { field: { type: NONE } } } });
    return client.cluster.putComponentTemplate({ name: NONE, template }, options);
  },
  'cluster:admin/component_template/delete': (client, _, options) =>
    client.cluster.deleteComponentTemplate({ name: NONE }, options),
  'indices:admin/index_template/put': (client, _, options) =>
    client.indices.putIndexTemplate({ name: NONE, index_patterns: [NONE], composed_of: [NONE] }, options),
  // It changes nothing at all, but is sent by POST.
  'indices:admin/index_template/simulate': (client, _, options) =>
    client.indices.simulateTemplate({ name: NONE }, options),
  'indices:admin/index_template/delete': (client, _, options) =>
    client.indices.deleteIndexTemplate({ name: NONE }, options),
  'indices:data/write/bulk': (client, _, options) =>
    client.bulk({ operations: [{ delete: { _index: NONE, _id: NONE } }] }, options),
  'indices:data/write/index': (client, index, options) =>
    client.index({ index, id: NONE, require_alias: true, document: {} }, options),
  'indices:data/write/update': (client, index, options) =>
    client.update({ index, id: NONE, require_alias: true, doc: {} }, options),
  'indices:data/write/delete': (client, index, options) => client.delete({ index, id: NONE }, options),
  'indices:admin/mapping/put': (client, index, options) => client.indices.putMapping({ index, body: {} }, options),
  'indices:admin/rollover': (client, alias, options) => client.indices.rollover({ alias, dry_run: true }, options),
  'indices:admin/create': create,
  // Everything on indices of a test, beginning with that.
  'indices:*': create,
};

/** Whether the security plugin answers a request that it is only asked about: since 3.2. An older one refuses the parameter. */
export async function answersQuestions(cluster: Cluster): Promise<boolean> {
  return (await ask(cluster, (client, _, options) => client.ingest.getPipeline({}, options), '')) !== undefined;
}

/**
 * Whether the present user may do an action of OpenSearch.
 * @param name the index or pattern that it is about; empty for an action of the cluster
 * @param questions what {@link answersQuestions} said
 */
export async function isAllowed(cluster: Cluster, action: string, name: string, questions: boolean): Promise<Verdict> {
  // A pattern of a role holds for a name that it fits, while of a pattern in a request only what is there counts.
  const concrete = name.replaceAll('*', 'any');
  const look = LOOKS[action];
  if (look !== undefined) return tried(cluster, look, concrete);
  const change = CHANGES[action];
  return change === undefined || !questions ? undefined : ask(cluster, change, concrete);
}

async function tried({ client }: Cluster, look: Probe, name: string): Promise<boolean> {
  const { statusCode, body } = await look(client, name, { meta: true, ignore: [400, 403, 404] });
  // A document that may not be read is refused in an answer that is well as a whole.
  const docs = isRecord(body) ? listOf(body.docs) : [];
  const refused = docs.some((doc) => isRecord(doc) && isRecord(doc.error) && doc.error.type === 'security_exception');
  return statusCode !== 403 && !refused;
}

async function ask({ client }: Cluster, change: Probe, name: string): Promise<Verdict> {
  const { body } = await change(client, name, {
    meta: true,
    ignore: [...FAILURES],
    querystring: { perform_permission_check: true },
    context: { once: true, anyAnswer: true },
  });
  return isRecord(body) && typeof body.accessAllowed === 'boolean' ? body.accessAllowed : undefined;
}

const FAILURES: readonly number[] = Array.from({ length: 200 }, (_, index) => 400 + index);
