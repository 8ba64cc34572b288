import { createHash } from 'node:crypto';
import { ProblemError, redact } from '../../../src/errors';
import { connectKibana } from '../../../src/cluster/kibana';
import { connect } from '../../../src/cluster/cluster';
import { request } from '../../support/request';
import { readSettings, type Access } from '../../../src/settings';
import { connectProxy, type ConnectProxy } from '../../support/connect-proxy';
import { fakeCluster, type FakeCluster } from '../../support/fake-cluster';
import { quick } from '../../support/retry-policy';
import { signatures } from '../../support/sigv4';

const KIBANA = { version: { number: '9.1.0' } };
/** What searches, writes and bulk requests are answered with at least. */
const NOTHING = { hits: { hits: [] }, items: [], _id: 'x' };
let server: FakeCluster;

beforeEach(async () => {
  server = await fakeCluster(undefined, ({ path }) =>
    path === '/api/status' ? { body: KIBANA } : path === '/' || path === '/es/' ? {} : { body: NOTHING },
  );
});
afterEach(async () => {
  await server.close();
});

async function message(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('connection: credentials, to the cluster and to Kibana', () => {
  test.each<[string, Access, string | undefined]>([
    ['an API key', { apiKey: 'aWQ6a2V5' }, 'ApiKey aWQ6a2V5'],
    [
      'a user',
      { username: 'ines', password: 'pass:wörd' },
      `Basic ${Buffer.from('ines:pass:wörd').toString('base64')}`,
    ],
    ['a token', { bearer: 'eyJh.bGci' }, 'Bearer eyJh.bGci'],
    ['none', {}, undefined],
  ])('%s', async (_, access, header) => {
    await connect({ url: server.url, ...access });
    await connectKibana({ url: server.url, ...access });
    expect(server.arrived.map(({ headers }) => headers.authorization)).toEqual([header, header]);
  });
});

test('connection: an answer that does not fit its request is reported with the reason', async () => {
  let said: unknown = {};
  const proxy = await fakeCluster(undefined, ({ path }) => (path === '/' ? {} : { body: said }));
  try {
    const cluster = await connect({ url: proxy.url }, { retryPolicy: quick() });
    const search = () => cluster.client.search({ index: 'x', size: 1 }, { meta: true });
    const count = () => cluster.client.count({ index: 'x', query: { match_all: {} } });
    const told = async (ask: () => Promise<unknown>) => (await message(ask)).replaceAll(proxy.url, '<url>');
    expect(await told(search)).toMatchInlineSnapshot(`
     "POST <url>/x/_search: the answer has no list \`hits.hits\` (asked 4 times)
       Something else answers at this URL (a proxy, a login page?): give the URL of the cluster itself."
    `);
    expect(await told(count)).toContain('the answer has no number `count`');
    said = { hits: [] };
    expect(await told(search)).toContain('the answer has no list `hits.hits`');
    said = null;
    expect(await told(search)).toContain('the answer is JSON, but no object');
    said = { hits: { hits: [] } };
    expect(await search()).toMatchObject({ statusCode: 200, body: said });
  } finally {
    await proxy.close();
  }
});

describe('connection: several nodes', () => {
  test('another node answers if one fails, and a path prefix is kept', async () => {
    const nowhere = 'http://127.0.0.1:1';
    const cluster = await connect({
      url: nowhere,
      otherUrls: [nowhere.replace('.1:', '.2:'), `${server.url}/es`],
    }).catch((error: unknown) => error);
    // The path before is part of what is asked, and there the fake is no cluster.
    expect(cluster).toMatchObject({ code: 'NOT_A_SEARCH_ENGINE' });
    expect(server.arrived.map(({ path }) => path)).toEqual(['/es/']);
    const through = await connect({ url: nowhere, otherUrls: [server.url] });
    await request(through, { method: 'GET', path: '/_search' });
    await request(through, { method: 'GET', path: '/_search' });
    expect(server.arrived.map(({ path }) => path).slice(1)).toEqual(['/', '/_search', '/_search']);
  });

  test('is an error when no node answers', async () => {
    const text = await message(() => connect({ url: 'http://127.0.0.1:1', otherUrls: ['http://127.0.0.1:2'] }));
    expect(text).toMatch(/cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:[12]\)/);
  });
});

describe('connection: proxies', () => {
  let proxy: ConnectProxy;
  afterEach(async () => {
    await proxy.close();
  });

  test.each(['http', 'https'])(
    'one that is down is named in the error for an %s URL, without its user',
    async (scheme) => {
      proxy = await connectProxy(server.port);
      const unused = await connectProxy(server.port);
      const proxies = { http: unused.url.replace('//', '//ines:secret@') };
      await unused.close();
      const said = await message(() =>
        connect({ url: `${scheme}://es.behind.test:9200`, proxies }, { retryPolicy: quick() }),
      );
      expect(said.replace(/127\.0\.0\.1:\d+/g, '<address>').replace(/\n.*times.*/, '')).toContain(
        'the proxy <address> cannot be reached',
      );
      expect(said).toContain('HTTPS_PROXY or HTTP_PROXY names this proxy: check it, or list the host in NO_PROXY.');
      expect(said).not.toContain('secret');
    },
  );

  test('a name that only the proxy knows is reached through it', async () => {
    proxy = await connectProxy(server.port);
    const proxies = { http: proxy.url.replace('//', '//ines:pass%20word@') };
    await connect({ url: 'http://es.behind.test:9200', proxies });
    await connectKibana({ url: 'http://kibana.behind.test:5601', proxies });
    const authorization = `Basic ${Buffer.from('ines:pass word').toString('base64')}`;
    expect(proxy.asked).toEqual([
      { host: 'es.behind.test:9200', authorization },
      { host: 'kibana.behind.test:5601', authorization },
    ]);
    // What is for the proxy alone does not go on to the cluster.
    expect(server.arrived.map(({ headers }) => headers['proxy-authorization'])).toEqual([undefined, undefined]);
  });

  test.each([
    ['percent-encoded, as in a URL', 'pass%20word', 'pass word'],
    ['as it is, with a percent sign of its own', '50%off', '50%off'],
  ])('a password in HTTP_PROXY is written %s', async (_, written, password) => {
    proxy = await connectProxy(server.port);
    const environment = { HTTP_PROXY: proxy.url.replace('//', `//ines:${written}@`) };
    const { proxies } = readSettings({}, environment, { file: false }).elasticsearch;
    await connect({ url: 'http://es.behind.test:9200', proxies });
    const authorization = `Basic ${Buffer.from(`ines:${password}`).toString('base64')}`;
    expect(proxy.asked).toEqual([{ host: 'es.behind.test:9200', authorization }]);
    expect(redact(`what was said: ${password}, ${written}`)).toBe('what was said: ***, ***');
  });

  test('hosts in NO_PROXY and loopback bypass it', async () => {
    proxy = await connectProxy(server.port);
    const proxies = { http: proxy.url, none: 'other.test,.behind.test' };
    expect(await message(() => connect({ url: 'http://es.behind.test:9200', proxies }))).toContain('cannot be reached');
    await connect({ url: server.url, proxies: { http: proxy.url } });
    await connect({ url: server.url.replace('127.0.0.1', 'localhost'), proxies: { http: proxy.url } });
    expect(proxy.asked).toEqual([]);
  });

  test.each([407, 403])('a proxy that answers %d has not reached the cluster', async (status) => {
    proxy = await connectProxy(server.port, status);
    const connection = { url: 'http://es.behind.test:9200', proxies: { http: proxy.url } };
    const [cluster, kibana] = [
      await message(() => connect(connection)),
      await message(() => connectKibana(connection)),
    ];
    const expected = status === 407 ? 'The proxy wants a user' : 'does not let this host through';
    for (const text of [cluster, kibana]) {
      expect(text).toContain(`the proxy answered ${status}`);
      expect(text).toContain(expected);
    }
    expect(server.arrived).toEqual([]);
  });
});

describe('connection: signatures for AWS', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const aws = { service: 'es', region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret } as const;

  test.each(['es', 'aoss'] as const)('every request to %s has the signature that AWS computes', async (service) => {
    const cluster = await connect({ url: server.url, aws: { ...aws, service, sessionToken: 'session' } });
    await request(cluster, {
      method: 'GET',
      path: '/logs-*,a%2Fb/_search',
      query: { q: "it's (a*) test", z: true, a: 1 },
    });
    await request(cluster, {
      method: 'PUT',
      path: `/x/_doc/${encodeURIComponent('watermark:1 日本')}`,
      body: { text: '日本' },
    });
    await request(cluster, { method: 'POST', path: '/_bulk', ndjson: '{"index":{}}\n{"a":1}\n' });
    expect(server.arrived).toHaveLength(4);
    for (const arrived of server.arrived) {
      const { right, given } = signatures(arrived, secret);
      expect(given).toBe(right);
      expect(arrived.headers).toMatchObject({
        'x-amz-security-token': 'session',
        'x-amz-content-sha256': createHash('sha256').update(arrived.body).digest('hex'),
      });
      expect(arrived.headers.authorization).toContain(`/eu-central-1/${service}/aws4_request`);
    }
  });

  test('a request that was changed on its way, or signed with another key, has not', async () => {
    await connect({ url: server.url, aws });
    const [arrived] = server.arrived;
    if (arrived === undefined) throw new Error('nothing arrived');
    for (const changed of [{ path: '/other' }, { method: 'PUT' }, { body: 'x' }]) {
      const { right, given } = signatures({ ...arrived, ...changed }, secret);
      expect(given).not.toBe(right);
    }
    const { right, given } = signatures(arrived, 'another');
    expect(given).not.toBe(right);
  });
});
