import { ProblemError } from '../../src/errors';
import { exitOf } from '../../src/commands/deploy';
import { connectKibana } from '../../src/cluster/kibana';
import {
  deployKibana,
  planKibana,
  kibanaDeployment,
  connectionTo,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { results } from '../support/deployment';
import { contentWith, manyRules, rule, uuidOf } from '../support/content';
import { API_KEY, type Seen } from '../support/kibana-server';
import { quick } from '../support/retry-policy';

const server = kibanaOfEachTest();

const creations = ({ method, path }: Seen): boolean => method === 'POST' && path === '/api/detection_engine/rules';
const finds = ({ path }: Seen): boolean => path === '/api/detection_engine/rules/_find';

async function errorOf(promise: Promise<unknown>): Promise<ProblemError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** What is said of a failed creation, and its exit status; without the port. */
async function failedCreation(): Promise<{ said: string; exit: number }> {
  const applied = await deployKibana(await kibanaDeployment(server(), { spaces: ['soc'] }), contentWith([rule()]));
  expect(applied.changes).toMatchObject([{ status: 'failed' }]);
  const { problems } = new ProblemError('PARTIAL', applied.problems);
  return { said: problems.map(told).join('\n').replaceAll(server().url, '<kibana>'), exit: exitOf(applied) };
}

function told({ where, message }: ProblemError['problems'][number]): string {
  return `${JSON.stringify(where)} ${message}`;
}

describeContract('failures of Kibana', () => {
  test.each([400, 401, 403, 404, 409, 429, 500, 502, 503])(
    "a creation answered with %i fails and names rule, space, status and Kibana's reason",
    async (status) => {
      server().fail(creations, { status, message: `because of ${status}`, headers: { 'retry-after': '0' } });
      const { said, exit } = await failedCreation();
      expect(exit).toBe(2);
      expect(said).toContain(`"url":"<kibana>/s/soc/api/detection_engine/rules","method":"POST","status":${status}`);
      expect(said).toContain(`detection_rule/soc/${rule().uuid} “${rule().name}”: Kibana, space soc: `);
      expect(said).toContain(`because of ${status}`);
      // Sent twice it could be made twice.
      expect(server().seen.filter(creations)).toHaveLength(1);
    },
  );

  test.each([429, 502, 503, 504])('a read answered with %i is repeated', async (status) => {
    const deployment = await kibanaDeployment(server());
    server().fail(finds, { status, headers: { 'retry-after': '0' } }, 2);
    await planKibana(deployment, contentWith([rule()]));
    expect(server().seen.filter(finds).length).toBeGreaterThan(2);
  });

  test.each([
    ['a half', '{"page":1,"da'],
    ['a page', '<html>Down for maintenance</html>'],
  ])('an answer that is not JSON is retried and then reported: %s', async (_, body) => {
    const deployment = await kibanaDeployment(server());
    server().fail(finds, { status: 200, body }, 2);
    await planKibana(deployment, contentWith([rule()]));
    expect(server().seen.filter(finds).length).toBeGreaterThan(2);
    server().seen.length = 0;
    server().fail(finds, { status: 200, body });
    const error = await errorOf(planKibana(deployment, contentWith([rule()])));
    expect(server().seen.filter(finds)).toHaveLength(4);
    expect(error.message).toContain("what answers there is not Kibana's API: the answer is not JSON (asked 4 times)");
  });

  test('a creation whose answer is not JSON is not sent again because it may be done', async () => {
    server().fail(creations, { status: 200, body: '{"id":' });
    const { said, exit } = await failedCreation();
    expect({ sent: server().seen.filter(creations).length, exit }).toEqual({ sent: 1, exit: 2 });
    expect(said).toContain('the answer is not JSON');
  });

  test("an error quotes the text of a proxy's page", async () => {
    const deployment = await kibanaDeployment(server());
    server().fail(finds, { status: 502, body: '<html>\n<head><title>502</title></head><h1>Bad  Gateway</h1></html>' });
    const error = await errorOf(planKibana(deployment, contentWith([rule()])));
    expect(error.message).toContain('Kibana, space default: 502 Bad Gateway (asked 4 times)');
  });

  test('a read is repeated up to the limit', async () => {
    const deployment = await kibanaDeployment(server());
    server().fail(finds, { status: 503, message: 'License is not available.', headers: { 'retry-after': '0' } });
    const error = await errorOf(planKibana(deployment, contentWith([rule()])));
    expect(server().seen.filter(finds)).toHaveLength(4);
    expect(error.exitStatus).toBe(2);
    expect(error.message.replaceAll(/:\d+/g, ':n')).toMatchInlineSnapshot(`
     "GET http://127.0.0.1:n/api/detection_engine/rules/_find (503): Kibana, space default: License is not available. (asked 4 times)
       Kibana could not do this now; run the command again when it is well."
    `);
  });

  test('an answer that ends in the middle is an error', async () => {
    const deployment = await kibanaDeployment(server());
    server().fail(finds, 'cut');
    const error = await errorOf(planKibana(deployment, contentWith([rule()])));
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toContain('Kibana, space default: cannot be reached');
  });

  test('no answer in time is an error', async () => {
    const { server: kibana } = await connectionTo(server());
    server().fail(finds, 'silent');
    const path = '/api/detection_engine/rules/_find';
    const error = await errorOf(kibana.ask({ method: 'GET', path, timeout: 100 }));
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toContain('Kibana, space default: no answer in time');
  });

  // It fails by its own limit where the first request waits for longer than it is told to.
  test('connecting takes no longer than any request', async () => {
    server().fail(({ path }) => path === '/api/status', 'silent');
    const retryPolicy = quick({ timeout: 100 });
    const error = await errorOf(connectKibana({ url: server().url, apiKey: API_KEY }, [], { retryPolicy }));
    expect(error.message).toContain('no answer in time');
  }, 10_000);

  test('an interrupted request is distinguished from a late one', async () => {
    const stop = new AbortController();
    const circumstances = { retryPolicy: quick(), signal: stop.signal };
    const kibana = await connectKibana({ url: server().url, apiKey: API_KEY }, ['default'], circumstances);
    server().fail(finds, 'silent');
    const path = '/api/detection_engine/rules/_find';
    const asked = errorOf(kibana.ask({ method: 'GET', path }));
    stop.abort();
    expect((await asked).code).toBe('INTERRUPTED');
  });

  test('credentials that are not accepted are named before anything is done, and never shown', async () => {
    const error = await errorOf(connectKibana({ url: server().url, apiKey: 'd3Jvbmctb25l' }));
    expect(error.code).toBe('UNAUTHORIZED');
    expect(error.message).not.toContain('d3Jvbmctb25l');
    expect(error.message.replaceAll(server().url, '<kibana>')).toMatchInlineSnapshot(`
     "GET <kibana>/api/status (401): Kibana, space default: the credentials were not accepted ([security_exception]: unable to authenticate user for REST request)
       Set WMI_DETECTIONS_KIBANA_API_KEY, or WMI_DETECTIONS_KIBANA_USERNAME and WMI_DETECTIONS_KIBANA_PASSWORD, or put them into the settings file."
    `);
  });

  test('basic credentials are sent as such', async () => {
    const basic = `Basic ${Buffer.from('elastic:pass:word').toString('base64')}`;
    expect(basic).not.toContain(API_KEY);
    const error = await errorOf(connectKibana({ url: server().url, username: 'elastic', password: 'pass:word' }));
    expect(error.code).toBe('UNAUTHORIZED');
    expect(server().seen).toHaveLength(1);
    expect(server().authorizations).toEqual([basic]);
  });

  test.each([
    ['another program', { status: 200, body: { name: 'something', version: '1.0' } }],
    ['a page to log in', { status: 200, body: '<html>' }],
    ['a redirect', { status: 302, headers: { location: '/login' } }],
  ])('%s in the place of Kibana is reported', async (_, fault) => {
    server().fail(({ path }) => path === '/api/status', fault);
    const error = await errorOf(connectKibana({ url: server().url, apiKey: API_KEY }));
    expect(error.message).toContain("what answers there is not Kibana's API");
  });

  test('a closed port is reported', async () => {
    const url = server().url;
    await server().close();
    const error = await errorOf(connectKibana({ url }));
    expect(error.message.replaceAll(url, '<kibana>').replaceAll(/:\d+/g, ':n')).toMatchInlineSnapshot(`
     "GET <kibana>/api/status: Kibana, space default: cannot be reached (connect ECONNREFUSED 127.0.0.1:n)
       Nothing listens there: check host and port of Kibana (usually 5601)."
    `);
  });

  test('one rule that fails does not stop the others, and a second run completes it', async () => {
    const deployment = await kibanaDeployment(server());
    const content = contentWith(manyRules(3));
    server().fail((seen) => creations(seen) && JSON.stringify(seen.body).includes(uuidOf(1)), { status: 500 }, 1);
    expect(results(await deployKibana(deployment, content))).toEqual([
      `create detection_rule/${uuidOf(0)}: done`,
      `create detection_rule/${uuidOf(1)}: failed`,
      `create detection_rule/${uuidOf(2)}: done`,
    ]);
    expect(results(await deployKibana(deployment, content))).toEqual([`create detection_rule/${uuidOf(1)}: done`]);
  });
});
