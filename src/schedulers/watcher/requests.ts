import { onCluster, onIndices, type RequestRow, type Verb } from '../request-table';

const LOOK: readonly Verb[] = ['plan', 'deploy', 'destroy', 'adopt', 'status', 'reconcile'];
/** Those that need the scheduler, before they do anything else. */
const NEED: readonly Verb[] = [...LOOK, 'doctor', 'test'];
const CHANGE: readonly Verb[] = ['deploy', 'destroy', 'adopt'];

/** Requests that only Watcher makes needed. */
export const WATCHER_REQUESTS: readonly RequestRow[] = [
  onCluster('GET /_xpack', NEED, ['monitor'], []),
  onCluster('GET /_watcher/watch/{id}', LOOK, ['monitor_watcher'], []),
  onCluster('POST /_watcher/_query/watches', LOOK, ['monitor_watcher'], []),
  onCluster('PUT /_watcher/watch/{id}', CHANGE, ['manage_watcher'], []),
  onCluster('DELETE /_watcher/watch/{id}', CHANGE, ['manage_watcher'], []),
  // `test --live` runs a watch that is not stored.
  onCluster('PUT /_watcher/watch/_execute', [...CHANGE, 'test'], ['manage_watcher'], []),
  onCluster('GET /_watcher/stats', ['status'], ['monitor_watcher'], []),
  // A watch runs with the privileges of who stored it: it reads events and writes alerts.
  onIndices('events', 'POST /{events}/_search', CHANGE, ['read'], []),
  onIndices('alerts', 'POST /{alerts}/_bulk', CHANGE, ['index', 'auto_configure'], []),
].map((row): RequestRow => ({ ...row, scheduler: 'watcher' }));
