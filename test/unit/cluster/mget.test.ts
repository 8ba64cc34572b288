import { mget } from '../../../src/cluster/mget';
import { connect } from '../../../src/cluster/cluster';
import { fakeCluster } from '../../support/fake-cluster';

/** What `_mget` answers for one document, and what is made of it. */
async function outcome(doc: object): Promise<unknown> {
  const server = await fakeCluster(undefined, ({ path }) => (path === '/' ? {} : { body: { docs: [doc] } }));
  try {
    const cluster = await connect({ url: server.url });
    return (await mget(cluster, { index: 'alerts', ids: ['a'] })).map(({ found }) => found);
  } catch (error) {
    return String(error).split('\n')[0]?.replace(server.url, '<url>');
  } finally {
    await server.close();
  }
}

const refused = (type: string): object => ({ _index: 'alerts', _id: 'a', error: { type, reason: 'a reason' } });

test('mget: finds a document, and reports one that is missing or whose index is missing', async () => {
  expect(await outcome({ _index: 'alerts', _id: 'a', found: true, _source: {} })).toEqual([true]);
  expect(await outcome({ _index: 'alerts', _id: 'a', found: false })).toEqual([false]);
  expect(await outcome(refused('index_not_found_exception'))).toEqual([false]);
});

test('mget: reports a document that may not be read, or that no shard could read, apart from one that is missing', async () => {
  expect(await outcome(refused('security_exception'))).toMatchInlineSnapshot(
    `"ProblemError: POST <url>/alerts/_mget (403): not allowed (security_exception: a reason)"`,
  );
  expect(await outcome(refused('no_shard_available_action_exception'))).toMatchInlineSnapshot(
    `"ProblemError: POST <url>/alerts/_mget (500): no_shard_available_action_exception: a reason"`,
  );
});
