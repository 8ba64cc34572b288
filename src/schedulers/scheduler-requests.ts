import { onCluster, onIndices, type Row, type Verb } from './request-table';

const LOOK: readonly Verb[] = ['plan', 'deploy', 'destroy', 'adopt', 'status', 'reconcile'];
/** Those that need the scheduler, before they do anything else. */
const NEED: readonly Verb[] = [...LOOK, 'doctor', 'test'];
/** Those that read the alerts, which the plugin keeps by itself. */
const ALERTS: readonly Verb[] = ['alerts', 'ack', 'risk', 'reconcile'];
const CHANGE: readonly Verb[] = ['deploy', 'destroy', 'adopt'];

const MONITORS = '/_plugins/_alerting/monitors';
const ALERTING = 'cluster:admin/opendistro/alerting';

/** Requests that only one scheduler makes; those to Kibana need privileges of Kibana (kibana-role.ts). */
export const SCHEDULER_REQUESTS: readonly Row[] = [
  ...[
    onCluster('GET /_xpack', NEED, ['monitor'], []),
    onCluster('GET /_watcher/watch/{id}', LOOK, ['monitor_watcher'], []),
    onCluster('POST /_watcher/_query/watches', LOOK, ['monitor_watcher'], []),
    onCluster('PUT /_watcher/watch/{id}', CHANGE, ['manage_watcher'], []),
    onCluster('DELETE /_watcher/watch/{id}', CHANGE, ['manage_watcher'], []),
    // `test --live` runs a watch that is not stored.
    onCluster('POST /_watcher/watch/_execute', [...CHANGE, 'test'], ['manage_watcher'], []),
    onCluster('GET /_watcher/stats', ['status'], ['monitor_watcher'], []),
    // A watch runs with the privileges of who stored it: it reads events and writes alerts.
    onIndices('events', 'POST /{events}/_search', CHANGE, ['read'], []),
    onIndices('alerts', 'POST /{alerts}/_bulk', CHANGE, ['index', 'auto_configure'], []),
  ].map((row): Row => ({ ...row, scheduler: 'watcher' })),
  ...[
    // Every deploy and destroy looks whether there are monitors of ours; where that is not allowed, there are none.
    onCluster(`POST ${MONITORS}/_search`, [...NEED, ...ALERTS], [], [`${ALERTING}/monitor/search`]),
    onCluster(`GET ${MONITORS}/{id}`, LOOK, [], [`${ALERTING}/monitor/get`]),
    onCluster(`POST ${MONITORS}`, CHANGE, [], [`${ALERTING}/monitor/write`]),
    onCluster(`PUT ${MONITORS}/{id}`, CHANGE, [], [`${ALERTING}/monitor/write`]),
    onCluster(`DELETE ${MONITORS}/{id}`, CHANGE, [], [`${ALERTING}/monitor/delete`]),
    // `test --live` runs a monitor that is not stored.
    onCluster(`POST ${MONITORS}/_execute`, [...CHANGE, 'test'], [], [`${ALERTING}/monitor/execute`]),
    onCluster(`POST ${MONITORS}/{id}/_execute`, CHANGE, [], [`${ALERTING}/monitor/execute`]),
    onCluster(`GET ${MONITORS}/alerts`, [...LOOK, ...ALERTS], [], [`${ALERTING}/alerts/get`]),
    onCluster(`POST ${MONITORS}/{id}/_acknowledge/alerts`, ['ack'], [], [`${ALERTING}/alerts/ack`]),
    onCluster('GET /_plugins/_alerting/stats', ['status'], [], ['cluster:admin/opendistro/_scheduled_jobs/stats']),
    onIndices('state', 'PUT /{state}', ['deploy'], [], ['indices:admin/create']),
    // A monitor reads with the roles of who stored it, and is tried before. Of its alerts the events are read as it reads them.
    ...(['events', 'state'] as const).map((names) =>
      onIndices(names, `POST /{${names}}/_search`, [...CHANGE, ...ALERTS], [], ['indices:data/read/search']),
    ),
  ].map((row): Row => ({ ...row, scheduler: 'opensearch-alerting' })),
];
