import { serverReason } from '../../../src/cluster/failure';

const shard = (reason: object): object => ({ shard: 0, index: 'events', node: 'n', reason });

test.each<[string, object, string]>([
  [
    'failed_shards, on Elasticsearch',
    {
      type: 'search_phase_execution_exception',
      reason: 'all shards failed',
      root_cause: [{ type: 'query_shard_exception', reason: 'no field [a]' }],
      failed_shards: [shard({ type: 'script_exception', reason: 'runtime error', caused_by: { reason: 'null' } })],
    },
    'search_phase_execution_exception: all shards failed; caused by query_shard_exception: no field [a]; caused by script_exception: runtime error; caused by null',
  ],
  [
    'caused_by, on OpenSearch',
    { type: 'search_phase_execution_exception', reason: 'all shards failed', caused_by: { type: 'x', reason: 'y' } },
    'search_phase_execution_exception: all shards failed; caused by x: y',
  ],
  [
    'a root cause that repeats the error, once',
    { type: 'parse_exception', reason: 'bad', root_cause: [{ type: 'parse_exception', reason: 'bad' }] },
    'parse_exception: bad',
  ],
])('server reason: reads %s', (_, error, reason) => {
  expect(serverReason({ error, status: 400 })).toBe(reason);
});
