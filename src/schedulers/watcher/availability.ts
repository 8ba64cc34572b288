import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../../errors';
import { type Cluster } from '../../cluster/cluster';
import { onCluster, onIndices, type RequestRow, type Verb } from '../request-table';

/**
 * Why a cluster runs no watches; undefined when it does. Watcher is a part of Elasticsearch under a paid or a trial licence.
 * @throws ProblemError FORBIDDEN without the privilege `monitor`
 */
export async function watcherUnavailable(cluster: Cluster): Promise<string | undefined> {
  if (cluster.product !== 'elasticsearch') return `OpenSearch ${cluster.version} has no Watcher`;
  // Serverless has no such API: 410, or 400 with a word about it, or 404 where everything of X-Pack is left out.
  const { statusCode, body } = await cluster.client.xpack.info(
    { categories: ['license', 'features'] },
    { ignore: [400, 404, 405, 410], meta: true },
  );
  const { features, license }: Partial<estypes.XpackInfoResponse> = statusCode === 200 ? body : {};
  const watcher = features?.watcher;
  if (watcher === undefined) return 'it is Serverless, or a build without Watcher';
  if (!watcher.enabled) return 'Watcher is switched off there';
  if (watcher.available) return undefined;
  const { type, status: state } = license ?? {};
  const expired = state === undefined || state === 'active' ? '' : ` and ${state}`;
  return `its licence is ${type ?? 'missing'}${expired}, and Watcher needs a paid or a trial one that is valid`;
}

/** @throws ProblemError SETTINGS where there is no Watcher, which names what there is instead */
export async function requireWatcher(cluster: Cluster): Promise<void> {
  const reason = await watcherUnavailable(cluster);
  if (reason === undefined) return;
  const hint =
    'Use --scheduler kibana with --kibana-url (the rules of Elastic Security run under every licence), or --scheduler local: `deploy` stores the rules and `run` executes them, on any cluster.';
  const message = `the scheduler is watcher, and this cluster runs no watches: ${reason}`;
  throw new ProblemError('SETTINGS', [{ where: { url: cluster.url }, message, hint }]);
}

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
