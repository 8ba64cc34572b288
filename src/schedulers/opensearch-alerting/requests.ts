import { onCluster, onIndices, type RequestRow, type Verb } from '../request-table';

const LOOK: readonly Verb[] = ['plan', 'deploy', 'destroy', 'adopt', 'status', 'reconcile'];
/** Those that need the scheduler, before they do anything else. */
const NEED: readonly Verb[] = [...LOOK, 'doctor', 'test'];
/** Those that read the alerts, which the plugin keeps by itself. */
const ALERTS: readonly Verb[] = ['alerts', 'ack', 'risk', 'reconcile'];
const CHANGE: readonly Verb[] = ['deploy', 'destroy', 'adopt'];

const MONITORS = '/_plugins/_alerting/monitors';
const ALERTING = 'cluster:admin/opendistro/alerting';

/** Requests that only OpenSearch Alerting makes needed. */
export const ALERTING_REQUESTS: readonly RequestRow[] = [
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
].map((row): RequestRow => ({ ...row, scheduler: 'opensearch-alerting' }));
