import type { RequestRow } from '../../src/schedulers/request-table';
import { USERS, type User, namesOf } from '../../src/schedulers/request-table';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elasticsearchRole, requestsOf, type ElasticsearchRole } from '../../src/doctor/roles';
import { ProblemError } from '../../src/errors';
import { isRecord } from '../../src/json';
import { serverReason } from '../../src/cluster/failure';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { request, type Request } from '../support/request';
import { requestsFor } from '../support/request-table';
import { authority, type Authority } from '../support/certificates';
import {
  elasticsearchDistribution,
  startElasticsearch,
  userOf,
  type ElasticsearchNode,
} from '../support/elasticsearch-node';

const distribution = elasticsearchDistribution();
const lack = 'lack' in distribution ? distribution.lack : undefined;
const onElasticsearch = lack === undefined ? describe : describe.skip;
if (lack !== undefined)
  test.skip(`Elasticsearch with security: no Elasticsearch with security: ${lack}`, () => undefined);

const ASKED = { namespace: 'soc', spaces: ['default'], scheduler: 'local' } as const;

/** The role of a user, each time without one of its privileges. */
function lesser(user: User): [string, ElasticsearchRole][] {
  const role = elasticsearchRole(user, ASKED);
  const cluster = role.cluster.map((without): [string, ElasticsearchRole] => [
    without,
    { ...role, cluster: role.cluster.filter((each) => each !== without) },
  ]);
  const indices = role.indices.flatMap(({ names, privileges }, place) =>
    privileges.map((without): [string, ElasticsearchRole] => {
      const less = { names, privileges: privileges.filter((each) => each !== without) };
      const others = role.indices.filter((_, index) => index !== place);
      return [
        `${without} on ${names.join()}`,
        { ...role, indices: less.privileges.length === 0 ? others : [...others, less] },
      ];
    }),
  );
  return [...cluster, ...indices];
}

/**
 * What this distribution lacks, so that its privileges are asked for by name alone (`_has_privileges`, the last test). And who may
 * index may put mappings, too, which Elasticsearch 8 calls deprecated.
 */
const NOT_THERE = /^GET \/$|_data_stream\/|_plugins/;
const UNPROVEN =
  /^monitor$|^(delete_index|manage_data_stream_lifecycle) on logs-|^indices:admin\/mapping\/put on wmi-detections-state/;

/** A user with each role, and with each role less one privilege. */
const ROLES = Object.fromEntries(
  USERS.flatMap((user) => [
    [user, elasticsearchRole(user, ASKED)],
    [`${user}-of-watches`, elasticsearchRole(user, { ...ASKED, scheduler: 'watcher' })],
    ...lesser(user).map(([, role], index) => [`${user}-less-${index}`, role]),
  ]),
) as Record<string, ElasticsearchRole>;

onElasticsearch('on a real Elasticsearch with security', () => {
  const folder = mkdtempSync(join(tmpdir(), 'privileges-'));
  let ours: Authority;
  let node: ElasticsearchNode;
  let started: ElasticsearchNode | undefined;

  beforeAll(async () => {
    if ('lack' in distribution) return;
    ours = authority(folder, 'ours');
    started = node = await startElasticsearch(distribution.zip, ours, ROLES);
    await prepare();
  }, 420_000);
  afterAll(async () => {
    await started?.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);

  /** What the requests are about: without it, who may do something is told that it is not there, and that is enough. */
  async function prepare(): Promise<void> {
    // Above Elastic's own, which wants data streams: those are not in this distribution.
    const body = { index_patterns: ['logs-*', 'wmi-detections-*', 'winlogbeat-*'], priority: 500, template: {} };
    await request(node.admin, { method: 'PUT', path: '/_index_template/for-this-test', body });
    for (const index of ['logs-sysmon.process_creation-soc', 'wmi-detections-alerts-soc', 'winlogbeat-any']) {
      await request(node.admin, { method: 'PUT', path: `/${index}` });
    }
  }

  /** So that what the first event or alert creates has to be created anew. */
  async function clear(): Promise<void> {
    const own = (['streams', 'state', 'alerts'] as const).flatMap((names) => namesOf(names, ASKED));
    const query = { ignore_unavailable: true };
    await request(node.admin, { method: 'DELETE', path: `/${own.join(',')}`, query });
  }

  /** A scroll that the user has opened himself; one of somebody else, or none, is refused whatever he may do. */
  async function scrollOf(cluster: Cluster): Promise<string> {
    for (const index of ['wmi-detections-alerts-soc', 'winlogbeat-any']) {
      const path = `/${index}/_search`;
      const asked: Request = { method: 'POST', path, query: { scroll: '1m' }, allow: [403, 404] };
      const { body } = await request<{ _scroll_id?: string }>(cluster, asked);
      if (body._scroll_id !== undefined) return body._scroll_id;
    }
    return 'bm9uZQ==';
  }

  type Answer = 'refused' | 'authorised' | 'no such API';

  async function ask(cluster: Cluster, asked: Request): Promise<Answer> {
    const { status, body } = await request<unknown>(cluster, { ...asked, retry: false, allow: FAILURES });
    if (status === 403 || (isRecord(body) && /security_exception/.test(JSON.stringify(body.items ?? ''))))
      return 'refused';
    if (status === 401) throw new Error(`the key itself was refused: ${serverReason(body)}`);
    // An API that this distribution lacks is refused before anyone asks for privileges: that proves nothing.
    const said = serverReason(body);
    const absent = status === 405 || /no handler found|failed to find action/.test(said);
    return absent ? 'no such API' : 'authorised';
  }

  async function answers(cluster: Cluster, rows: readonly RequestRow[]): Promise<Record<Answer, string[]>> {
    const found: Record<Answer, string[]> = { refused: [], authorised: [], 'no such API': [] };
    for (const row of rows) {
      const given = new Set<Answer>();
      for (const asked of requestsFor(row, ASKED)) {
        const scroll = asked.path === '/_search/scroll' && { body: { scroll_id: await scrollOf(cluster) } };
        given.add(await ask(cluster, { ...asked, ...scroll }));
      }
      for (const each of given) found[each].push(row.request);
    }
    return found;
  }

  /** Whether one of the requests is refused. */
  async function isRefused(cluster: Cluster, rows: readonly RequestRow[]): Promise<boolean> {
    for (const row of rows) if ((await answers(cluster, [row])).refused.length > 0) return true;
    return false;
  }

  test.each(USERS)('Elasticsearch with security: the role of the %s authorises each of its requests', async (user) => {
    const rows = requestsOf(user, 'local');
    const found = await answers(node.as(userOf(user)), rows);
    expect(found.refused).toEqual([]);
    expect(found['no such API'].filter((each) => !NOT_THERE.test(each))).toEqual([]);
    expect(found.authorised.length).toBeGreaterThan(1);
  });

  test.each(USERS)(
    'Elasticsearch with security: each privilege of the %s is needed: without it, a request is refused',
    async (user) => {
      const rows = requestsOf(user, 'local');
      const idle: string[] = [];
      for (const [index, [name]] of lesser(user).entries()) {
        await clear();
        if (!(await isRefused(node.as(userOf(`${user}-less-${index}`)), rows))) idle.push(name);
      }
      expect(idle.filter((each) => !UNPROVEN.test(each))).toEqual([]);
    },
    // A request for each privilege and row; on a busy machine more than a minute.
    300_000,
  );

  test('Elasticsearch with security: the shipper cannot read, the reader cannot write, the runner changes no event and no content', async () => {
    const [shipper, runner, reader] = [userOf('shipper'), userOf('runner'), userOf('reader')].map(node.as) as [
      Cluster,
      Cluster,
      Cluster,
    ];
    const stream = 'logs-sysmon.process_creation-soc';
    const [alerts, state] = ['wmi-detections-alerts-soc', 'wmi-detections-state-soc'];
    const read = (index: string): Request => ({ method: 'POST', path: `/${index}/_search` });
    const write = (index: string): Request => ({ method: 'PUT', path: `/${index}/_create/x`, body: { a: 1 } });
    const remove = (index: string): Request => ({ method: 'DELETE', path: `/${index}` });
    for (const index of [stream, alerts, state, 'winlogbeat-8']) {
      expect([index, await ask(shipper, read(index))]).toEqual([index, 'refused']);
      expect([index, await ask(reader, write(index))]).toEqual([index, 'refused']);
      for (const user of [shipper, runner, reader])
        expect([index, await ask(user, remove(index))]).toEqual([index, 'refused']);
    }
    expect(await ask(shipper, write(alerts))).toBe('refused');
    expect(await ask(runner, write(stream))).toBe('refused');
    const pipeline: Request = { method: 'PUT', path: '/_ingest/pipeline/x', body: { processors: [] } };
    for (const user of [shipper, runner, reader]) expect(await ask(user, pipeline)).toBe('refused');
  });

  test('Elasticsearch with security: Elasticsearch knows every privilege of the table', async () => {
    for (const user of USERS) {
      const role = elasticsearchRole(user, { ...ASKED, scheduler: 'watcher' });
      const cluster = node.as(userOf(`${user}-of-watches`));
      const body = { cluster: role.cluster, index: role.indices.map((each) => ({ ...each })) };
      const asked: Request = { method: 'POST', path: '/_security/user/_has_privileges', body };
      const { body: answer } = await request<{ has_all_requested: boolean }>(cluster, asked);
      expect([user, answer.has_all_requested]).toEqual([user, true]);
    }
  });

  describe('Elasticsearch with security: TLS', () => {
    const pem = (path: string): string => readFileSync(path, 'utf8');

    /** Why a connection is refused; `GET /` is not there, so one that is let in ends in that. */
    async function outcome(connection: Parameters<typeof connect>[0]): Promise<string> {
      try {
        await connect(connection);
        return 'connected';
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        return error.code === 'UNREACHABLE' ? error.message : 'reached';
      }
    }

    test('our authority is accepted, by its file and its fingerprint; another is not', async () => {
      const other = authority(folder, 'other');
      const user = userOf('reader');
      expect(await outcome({ url: node.url, ca: pem(ours.certificate), ...user })).toBe('reached');
      const caFingerprint = ours.fingerprint.replaceAll(':', '');
      expect(await outcome({ url: node.url, caFingerprint, ...user })).toBe('reached');
      expect(await outcome({ url: node.url, ...user })).toContain('not signed by a known authority');
      expect(await outcome({ url: node.url, ca: pem(other.certificate), ...user })).toContain(
        'not signed by a known authority',
      );
    });

    test('another name than the one in the certificate is refused', async () => {
      const url = node.url.replace('127.0.0.1', 'localhost');
      expect(await outcome({ url, ca: pem(ours.certificate) })).toContain('The certificate is for another host name');
    });

    // The last one: the node shows it from here on.
    test('an expired certificate is refused', async () => {
      node.show(ours.sign('expired', 'IP:127.0.0.1', -1));
      const end = Date.now() + 60_000;
      let said: string;
      do said = await outcome({ url: node.url, ca: pem(ours.certificate) });
      while (said === 'reached' && Date.now() < end);
      expect(said).toContain('The certificate has expired');
    });
  });
});

const FAILURES = Array.from({ length: 200 }, (_, index) => 400 + index);
