import { onCluster, onIndices, type Row, type Verb } from './row';

const LOOK: readonly Verb[] = ['plan', 'deploy', 'destroy', 'adopt', 'status'];
const CHANGE: readonly Verb[] = ['deploy', 'destroy', 'adopt'];

const MONITORS = '/_plugins/_alerting/monitors';
const ALERTING = 'cluster:admin/opendistro/alerting';

/** Requests that only one scheduler makes; those to Kibana need privileges of Kibana (kibana-role.ts). */
export const SCHEDULER_REQUESTS: readonly Row[] = [
  ...[
    onCluster('GET /_xpack', LOOK, ['monitor'], []),
    onCluster('GET /_watcher/watch/{id}', LOOK, ['monitor_watcher'], []),
    onCluster('POST /_watcher/_query/watches', LOOK, ['monitor_watcher'], []),
    onCluster('PUT /_watcher/watch/{id}', CHANGE, ['manage_watcher'], []),
    onCluster('DELETE /_watcher/watch/{id}', CHANGE, ['manage_watcher'], []),
    onCluster('POST /_watcher/watch/_execute', CHANGE, ['manage_watcher'], []),
    // A watch runs with the privileges of who stored it: it reads events and writes alerts.
    onIndices('events', 'POST /{events}/_search', CHANGE, ['read'], []),
    onIndices('alerts', 'POST /{alerts}/_bulk', CHANGE, ['index', 'auto_configure'], []),
  ].map((row): Row => ({ ...row, scheduler: 'watcher' })),
  ...[
    // Every deploy and destroy looks whether there are monitors of ours; where that is not allowed, there are none.
    onCluster(`POST ${MONITORS}/_search`, LOOK, [], [`${ALERTING}/monitor/search`]),
    onCluster(`GET ${MONITORS}/{id}`, LOOK, [], [`${ALERTING}/monitor/get`]),
    onCluster(`POST ${MONITORS}`, CHANGE, [], [`${ALERTING}/monitor/write`]),
    onCluster(`PUT ${MONITORS}/{id}`, CHANGE, [], [`${ALERTING}/monitor/write`]),
    onCluster(`DELETE ${MONITORS}/{id}`, CHANGE, [], [`${ALERTING}/monitor/delete`]),
    onCluster(`POST ${MONITORS}/_execute`, CHANGE, [], [`${ALERTING}/monitor/execute`]),
    onCluster(`POST ${MONITORS}/{id}/_execute`, CHANGE, [], [`${ALERTING}/monitor/execute`]),
    onCluster(`GET ${MONITORS}/alerts`, [...LOOK, 'alerts'], [], [`${ALERTING}/alerts/get`]),
    onIndices('state', 'PUT /{state}', ['deploy'], [], ['indices:admin/create']),
    // A monitor reads with the roles of who stored it, and is tried before.
    onIndices('events', 'POST /{events}/_search', [...CHANGE, 'alerts'], [], ['indices:data/read/search']),
  ].map((row): Row => ({ ...row, scheduler: 'opensearch-alerting' })),
];
