import type { estypes } from '@elastic/elasticsearch';
import type { Cluster } from '../cluster/cluster';
import { describeDuration } from '../text/duration';
import type { Check } from '../schedulers/scheduler';

/** The oldest version of each product that the content is written for, and the newest that is known. */
const VERSIONS = { elasticsearch: ['8.0', '9'], opensearch: ['2.19', '3'] } as const;

/** From this on, windows and ages that people read are misleading. */
const MOST_MILLISECONDS_APART = 60_000;

/** Whether the cluster's version is one of those that this program is written for. */
export function checkVersion({ product, version }: Cluster): Check {
  const [oldest, newest] = VERSIONS[product];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor = 0, oldMinor = 0] = oldest.split('.').map(Number);
  const name = product === 'opensearch' ? 'OpenSearch' : 'Elasticsearch';
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    return {
      about: 'version',
      state: 'missing',
      message: `${name} ${version}`,
      fix: `Upgrade it to ${oldest} or newer.`,
    };
  }
  if (major > Number(newest)) {
    const fix = `Nothing is known of it: try \`plan\`, and \`test\` in a namespace of its own. Known are ${oldest} to ${newest}.x.`;
    return { about: 'version', state: 'warning', message: `${name} ${version}`, fix };
  }
  return { about: 'version', state: 'ok', message: `${name} ${version}` };
}

/** The licence of an Elasticsearch; OpenSearch has none. */
export async function checkLicence(cluster: Cluster): Promise<Check> {
  if (cluster.product === 'opensearch') return { about: 'licence', state: 'ok', message: 'OpenSearch needs none' };
  const { statusCode, body } = await cluster.client.license.get({}, { ignore: [400, 403, 404, 405, 410], meta: true });
  const { license }: Partial<estypes.LicenseGetResponse> = statusCode === 200 ? body : {};
  const { type, status: state = 'active' }: Partial<estypes.LicenseGetLicenseInformation> = license ?? {};
  if (type === undefined)
    return { about: 'licence', state: 'unknown', message: 'the cluster does not tell its licence' };
  if (state === 'active') return { about: 'licence', state: 'ok', message: type };
  return { about: 'licence', state: 'missing', message: `${type}, ${state}`, fix: 'Renew the licence.' };
}

/**
 * Whether the cluster's clock and ours agree. Windows rest on the cluster's alone; ours is in what a person compares.
 * @param ours milliseconds since 1970
 */
export async function checkClock(cluster: Cluster, ours: () => number = Date.now): Promise<Check> {
  const before = ours();
  const { statusCode, body } = await cluster.client.cluster.stats(
    { filter_path: 'timestamp' },
    { ignore: [400, 403, 404, 405], meta: true },
  );
  const { timestamp: theirs }: Partial<estypes.ClusterStatsResponse> = statusCode === 200 ? body : {};
  if (theirs === undefined) return { about: 'clock', state: 'unknown', message: 'the cluster does not tell its time' };
  // It said so at some moment between the question and the answer.
  const apart = theirs < before ? before - theirs : Math.max(0, theirs - ours());
  if (apart <= MOST_MILLISECONDS_APART) return { about: 'clock', state: 'ok', message: 'agrees with ours' };
  const message = `${describeDuration(apart)} ${theirs < before ? 'behind' : 'ahead of'} ours`;
  return {
    about: 'clock',
    state: 'warning',
    message,
    fix: 'Set the clocks by NTP: ages and "now-24h" are off by that.',
  };
}
