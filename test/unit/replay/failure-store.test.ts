import { connect, type Cluster } from '../../../src/cluster/cluster';
import { createAll, type Item } from '../../../src/replay/bulk';
import { countFailureStore } from '../../../src/status/failure-store';
import { fakeCluster, type Arrived, type FakeCluster, type Given } from '../../support/fake-cluster';

/*
 * The answers are those that the documentation of Elasticsearch 9.4 describes ("Failure store"). The Elasticsearch of the tests has no
 * failure store: the module for data streams is not in it.
 */
const STREAM = 'logs-sysmon.process_creation-default';
const INDEX = `.fs-${STREAM}-2026.11.30-000002`;
const ROOT = { version: { number: '9.4.3' } };

let server: FakeCluster;
let cluster: Cluster;
let answers: (request: Arrived) => Given;

beforeAll(async () => {
  server = await fakeCluster(undefined, (request) => (request.path === '/' ? { body: ROOT } : answers(request)));
  cluster = await connect({ url: server.url });
});
afterAll(() => server.close());

const items = ['a', 'b'].map((id): Item => ({ stream: STREAM, id, document: '{}' }));

/** The first document is indexed, the second is in the failure store. */
const BULK = {
  errors: false,
  items: [
    { create: { _index: `.ds-${STREAM}-2026.11.30-000001`, _id: 'a', status: 201 } },
    { create: { _index: INDEX, _id: 'f1', status: 201, failure_store: 'used' } },
  ],
};

describe('a document in the failure store', () => {
  test('is refused, with the reason that is stored there', async () => {
    const error = { type: 'document_parsing_exception', message: 'object mapping for [process] expects an object' };
    const found = { _index: INDEX, _id: 'f1', found: true, _source: { document: { id: 'b' }, error } };
    const asked: string[] = [];
    answers = ({ path, body }) => {
      if (path.startsWith('/_bulk')) return { body: BULK };
      asked.push(`${path} ${body}`);
      return { body: { docs: [found] } };
    };
    expect(await createAll(cluster, items)).toEqual([
      { result: 'indexed' },
      {
        result: 'refused',
        status: 201,
        reason: `document_parsing_exception: object mapping for [process] expects an object (it is in the failure store, ${INDEX})`,
      },
    ]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(`"_index":"${INDEX}","_id":"f1"`);
  });

  test.each([
    ['the user may not read it', { status: 403, body: { error: { type: 'security_exception' } } }],
    ['it is gone', { body: { docs: [{ _index: INDEX, _id: 'f1', found: false }] } }],
  ])('is refused where %s', async (_, answer) => {
    answers = ({ path }) => (path.startsWith('/_bulk') ? { body: BULK } : answer);
    expect(await createAll(cluster, items)).toMatchObject([
      { result: 'indexed' },
      { result: 'refused', reason: `no reason given (it is in the failure store, ${INDEX})` },
    ]);
  });

  test('is none where Elasticsearch says that the failure store is not enabled', async () => {
    const create = { _index: STREAM, _id: 'a', status: 201, failure_store: 'not_enabled' };
    answers = () => ({ body: { errors: false, items: [{ create }, { create }] } });
    expect(await createAll(cluster, items)).toEqual([{ result: 'indexed' }, { result: 'indexed' }]);
  });
});

describe('status: the failure store', () => {
  const UNGUARDED = { status: 400, body: { error: 'no handler found for uri [/_security/user/_has_privileges]' } };

  test('is counted', async () => {
    answers = ({ path }) => (path.includes('_has_privileges') ? UNGUARDED : { body: { count: 3 } });
    expect(await countFailureStore(cluster, STREAM)).toBe(3);
    expect(decodeURIComponent(server.arrived.at(-1)?.path ?? '')).toContain(`/${STREAM}::failures/_count?`);
  });

  test('is unknown to a user who may not read it, to whom it would look empty', async () => {
    const index = { [STREAM]: { read_failure_store: false } };
    const body = { username: 'someone', has_all_requested: false, cluster: {}, index, application: {} };
    answers = ({ path }) => ({ body: path.includes('_has_privileges') ? body : { count: 0 } });
    expect(await countFailureStore(cluster, STREAM)).toBeNull();
  });

  test('is unknown to an Elasticsearch that has none', async () => {
    answers = () => ({
      status: 400,
      body: { error: { type: 'illegal_argument_exception', reason: 'unknown privilege' } },
    });
    expect(await countFailureStore(cluster, STREAM)).toBeNull();
  });
});
