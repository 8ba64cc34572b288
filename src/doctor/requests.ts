import { SCHEDULERS } from '../schedulers';
import { onCluster, onIndices, type Names, type RequestRow, type Verb } from '../schedulers/request-table';

const COMPARE: readonly Verb[] = ['plan', 'deploy', 'destroy', 'adopt', 'status'];
const ANALYST: readonly Verb[] = ['alerts', 'ack', 'risk', 'reconcile'];
const ALL: readonly Verb[] = [...COMPARE, ...ANALYST, 'simulate', 'test', 'replay', 'run', 'doctor'];
const PUT: readonly Verb[] = ['deploy', 'adopt'];
const DELETE: readonly Verb[] = ['deploy', 'destroy'];
const TRIAL: readonly Verb[] = ['simulate', 'test'];
/** The commands that look at what rules can see. */
const LOOK: readonly Verb[] = ['plan', 'deploy', 'status', 'doctor', 'reconcile', 'test'];
const PAGES: readonly Verb[] = [...ANALYST, 'run', 'status', 'test'];

/**
 * What OpenSearch wants for a write: the request as a whole is an action of the cluster, each part one of an index. To put
 * mappings is needed only where a document adds a field to them, which those of ours do not let it (`dynamic: false`).
 */
const WRITE = ['indices:data/write/bulk*', 'indices:admin/create'];
const BULK = ['indices:data/write/bulk'];
const SEARCH = ['indices:data/read/search'];

/*
 * Every request to a cluster, and the privileges that it needs: the roles of `doctor --roles`, the checks of `doctor` and the
 * tests on real nodes rest on this table, and nothing else says what a command needs. That no request is missing
 * is proven by recording them (test/engine/request-table.test.ts); that the privileges suffice, by giving each command with an API key of that
 * role to Elasticsearch (test/elasticsearch/roles.test.ts), and as a user of that role to OpenSearch (test/engine/opensearch-security.test.ts).
 *
 * Columns: request, who makes it, privileges on Elasticsearch (names of actions where no privilege is as narrow), actions
 * on OpenSearch. On indices: which ones comes first, what OpenSearch wants of the cluster beside it last.
 */
export const REQUESTS: readonly RequestRow[] = [
  onCluster('GET /', ALL, ['monitor'], ['cluster:monitor/main']),

  // `doctor`. What security says about somebody himself needs no privilege.
  onCluster('GET /_license', ['doctor'], ['monitor'], []),
  onCluster('GET /_cluster/stats', ['doctor'], ['monitor'], ['cluster:monitor/stats']),
  onCluster('POST /_security/user/_has_privileges', ALL, [], []),
  onCluster('GET /_plugins/_security/authinfo', ['doctor', 'destroy'], [], []),

  // What is there already.
  onCluster('GET /_ingest/pipeline', COMPARE, ['read_pipeline'], ['cluster:admin/ingest/pipeline/get']),
  onCluster('GET /_component_template', COMPARE, ['monitor'], ['cluster:admin/component_template/get']),
  onCluster('GET /_index_template', [...COMPARE, ...LOOK, 'replay'], ['monitor'], ['indices:admin/index_template/get']),
  onIndices(
    'any_stream',
    'GET /_data_stream/{any_stream}',
    [...COMPARE, ...LOOK],
    ['view_index_metadata'],
    ['indices:admin/data_stream/get'],
  ),
  ...(['any_stream', 'any_index'] as const).map((names) =>
    onIndices(names, `GET /{${names}}/_mapping`, COMPARE, ['view_index_metadata'], ['indices:admin/mappings/get']),
  ),
  onIndices('state', 'GET /{state}/_refresh', COMPARE, ['maintenance'], ['indices:admin/refresh*']),
  onIndices('state', 'POST /{state}/_search', [...COMPARE, 'run', 'ack', 'reconcile'], ['read'], SEARCH),
  onIndices('state', 'GET /{state}/_doc/{id}', [...COMPARE, 'run', 'reconcile'], ['read'], ['indices:data/read/get']),

  // Content.
  onCluster(
    'PUT /_ingest/pipeline/{id}',
    [...PUT, ...TRIAL],
    ['manage_ingest_pipelines'],
    ['cluster:admin/ingest/pipeline/put'],
  ),
  onCluster(
    'DELETE /_ingest/pipeline/{id}',
    [...DELETE, ...TRIAL],
    ['manage_ingest_pipelines'],
    ['cluster:admin/ingest/pipeline/delete'],
  ),
  onCluster('PUT /_component_template/{id}', PUT, ['manage_index_templates'], ['cluster:admin/component_template/put']),
  onCluster(
    'DELETE /_component_template/{id}',
    DELETE,
    ['manage_index_templates'],
    ['cluster:admin/component_template/delete'],
  ),
  onCluster('PUT /_index_template/{id}', PUT, ['manage_index_templates'], ['indices:admin/index_template/put']),
  onCluster(
    'DELETE /_index_template/{id}',
    DELETE,
    ['manage_index_templates'],
    ['indices:admin/index_template/delete'],
  ),

  // Data streams and indices of ours that are there when their templates change, or when all is to go.
  ...(['streams', 'state', 'alerts'] as const).map((names) =>
    onIndices(
      names,
      `PUT /{${names}}/_mapping`,
      ['deploy'],
      ['indices:admin/mapping/put'],
      ['indices:admin/mapping/put'],
    ),
  ),
  onIndices(
    'streams',
    'POST /{streams}/_rollover',
    ['deploy'],
    ['indices:admin/rollover', 'indices:monitor/stats'],
    ['indices:admin/rollover', 'indices:monitor/stats'],
  ),
  ...['PUT', 'DELETE'].map((method) =>
    onIndices(
      'streams',
      `${method} /_data_stream/{streams}/_lifecycle`,
      ['deploy'],
      ['manage_data_stream_lifecycle'],
      [],
    ),
  ),
  ...[
    onIndices(
      'streams',
      'DELETE /_data_stream/{streams}',
      ['destroy'],
      ['delete_index'],
      ['indices:admin/data_stream/delete'],
    ),
    ...(['state', 'alerts'] as const).map((names) =>
      onIndices(names, `DELETE /{${names}}`, ['destroy'], ['delete_index'], ['indices:admin/delete']),
    ),
  ].map((row) => ({ ...row, isForData: true })),

  // Rules of the local scheduler, and what is asked before one goes silent or away.
  onIndices(
    'state',
    'PUT /{state}/_doc/{id}',
    [...PUT, 'run'],
    ['index', 'auto_configure'],
    ['indices:data/write/index', ...WRITE],
    BULK,
  ),
  onIndices(
    'state',
    'DELETE /{state}/_doc/{id}',
    DELETE,
    ['delete'],
    ['indices:data/write/delete', 'indices:data/write/bulk*'],
    BULK,
  ),
  ...(['alerts', 'events'] as const).map((names) =>
    onIndices(names, `POST /{${names}}/_count`, ['plan', ...DELETE], ['read'], SEARCH),
  ),

  // Events in.
  onCluster('GET /_index_template/{id}', ['replay'], ['monitor'], ['indices:admin/index_template/get']),
  onIndices(
    'streams',
    'POST /_bulk',
    ['replay'],
    ['create_doc', 'auto_configure'],
    ['indices:data/write/index', ...WRITE],
    BULK,
  ),

  // What the pipelines could not read is counted, and why a document went to the failure store; who may not look gets neither.
  ...[
    onIndices('streams', 'GET /{streams}/_refresh', ['replay'], ['maintenance'], ['indices:admin/refresh*']),
    onIndices('streams', 'POST /{streams}/_search', ['replay'], ['read'], SEARCH),
    onCluster('POST /_mget', ['replay'], [], []),
  ].map((row) => ({ ...row, isOptional: true })),

  // Rules that run. Who may not refresh is served by the overlap of the windows.
  onIndices('streams', 'GET /{streams}/_refresh', ['run'], ['maintenance'], ['indices:admin/refresh*']),
  onIndices('events', 'POST /{events}/_search', [...LOOK, 'run', 'alerts'], ['read'], SEARCH),
  // Rules that find nothing are asked about together.
  onIndices('events', 'POST /_msearch', ['run', 'deploy'], ['read'], SEARCH, ['indices:data/read/msearch']),
  onIndices('state', 'POST /{state}/_mget', ['run'], ['read'], ['indices:data/read/mget*'], ['indices:data/read/mget']),
  onIndices(
    'state',
    'POST /{state}/_bulk',
    ['run', 'deploy'],
    ['index', 'auto_configure'],
    ['indices:data/write/index', ...WRITE],
    BULK,
  ),
  onIndices('events', 'POST /_mget', ['alerts'], ['read'], ['indices:data/read/mget*'], ['indices:data/read/mget']),
  onIndices('streams', 'POST /{streams}/_search', ['status'], ['read'], SEARCH),
  ...(['events', 'streams'] as const).map((names) => ({
    ...onIndices(names, `GET /{${names}}::failures/_count`, ['status'], ['read_failure_store'], []),
    isOptional: true,
  })),
  onIndices(
    'alerts',
    'POST /{alerts}/_bulk',
    ['run', 'ack'],
    ['index', 'auto_configure'],
    ['indices:data/write/update', ...WRITE],
    BULK,
  ),

  // Alerts out: whether there is anything to ask, and where else, if not. Then alerts, and pages: who may read one on Elasticsearch may go
  // on and give up. `run` looks for alerts that are to be sent, `status` for those that were not.
  onIndices(
    'any_index',
    'GET /{any_index}',
    ['alerts', 'risk', 'reconcile'],
    ['view_index_metadata'],
    ['indices:admin/get'],
  ),
  onIndices('kept', 'GET /{kept}', ['ack'], ['view_index_metadata'], ['indices:admin/get']),
  {
    ...onIndices(
      'any_index',
      'GET /{any_index}/_mapping',
      ANALYST,
      ['view_index_metadata'],
      ['indices:admin/mappings/get'],
    ),
    isOptional: true,
  },
  onIndices('state', 'POST /{state}/_search', ['alerts'], ['read'], SEARCH),
  onIndices('alerts', 'POST /{alerts}/_search', [...ANALYST, 'run', 'status'], ['read'], SEARCH),
  onIndices(
    'alerts',
    'POST /{alerts}/_mget',
    ['run', 'ack'],
    ['read'],
    ['indices:data/read/mget*'],
    ['indices:data/read/mget'],
  ),
  onCluster('POST /_search/scroll', PAGES, [], ['indices:data/read/scroll']),
  onCluster('DELETE /_search/scroll', PAGES, [], ['indices:data/read/scroll/clear']),

  // `simulate` and `test`: pipelines and indices with names of their own, removed at the end.
  onCluster('GET /_ingest/pipeline/{id}', TRIAL, ['read_pipeline'], ['cluster:admin/ingest/pipeline/get']),
  onCluster(
    'POST /_ingest/pipeline/{id}/_simulate',
    TRIAL,
    ['manage_ingest_pipelines'],
    ['cluster:admin/ingest/pipeline/simulate'],
  ),
  onCluster('POST /_ingest/_simulate', TRIAL, [], []),
  ...[
    'PUT /{trial}',
    'GET /{trial}',
    'DELETE /{trial}',
    'GET /{trial}/_settings/index.creation_date',
    'POST /_bulk',
    'POST /_msearch',
    'POST /{trial}/_bulk',
    'GET /{trial}/_refresh',
    'POST /{trial}/_search',
    'PUT /{trial}/_doc/{id}',
    'GET /{trial}/_doc/{id}',
  ].map((request) => onIndices('trial', request, ['test'], ['all'], ['indices:*'], BULK)),

  // What rules can see: the indices as they are, and what would govern the next ones.
  onCluster(
    'POST /_index_template/_simulate/{id}',
    [...LOOK, 'replay'],
    ['indices:admin/index_template/simulate'],
    ['indices:admin/index_template/simulate'],
  ),
  onIndices('events', 'GET /{events}', [...LOOK, 'run'], ['view_index_metadata'], ['indices:admin/get']),
  onIndices('events', 'GET /{events}/_field_caps', LOOK, ['read'], ['indices:data/read/field_caps*']),
  onIndices('any_stream', 'GET /{any_stream}', LOOK, ['view_index_metadata'], ['indices:admin/get']),
  onIndices('streams', 'GET /{streams}', ['replay'], ['view_index_metadata'], ['indices:admin/get']),
  onIndices(
    'streams',
    'GET /_data_stream/{streams}',
    ['replay'],
    ['view_index_metadata'],
    ['indices:admin/data_stream/get'],
  ),

  ...Object.values(SCHEDULERS).flatMap(({ requests }) => requests),
];

/** The names that the rows of a role are about. */
export const NAMES: readonly Names[] = [...new Set(REQUESTS.flatMap(({ names }) => names ?? []))];
