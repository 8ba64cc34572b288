import { connect } from '../../src/cluster/cluster';
import { deployShared } from './deploy-shared';
import { fetchElasticsearch } from './elasticsearch-distribution';
import { startElasticsearch, type ElasticsearchNode } from './elasticsearch-node';
import { elasticsearchProxy } from './elasticsearch-proxy';
import type { Suite } from './global-setup';
import type { Listening } from './listening';

/** What elasticsearch-tear-down.ts finds again. */
export interface ElasticsearchSuite {
  elasticsearch?: { readonly starting: Promise<ElasticsearchNode>; readonly proxies: readonly Listening[] } | undefined;
}

/**
 * Starts the Elasticsearch of the project `elasticsearch`, once for all its tests. Only a fetch is waited for: the node starts while the
 * tests of other projects run, and each request to its proxy waits for it. With TEST_ES_URL set by the user, the tests use that cluster.
 */
async function setUp(): Promise<void> {
  const given = (globalThis as Suite).engine === undefined ? process.env['TEST_ES_URL'] : undefined;
  if (given !== undefined) {
    process.env['TEST_ELASTICSEARCH_URL'] = given;
    await deployShared(await connect({ url: given }));
    return;
  }
  const program = await fetchElasticsearch((line) => process.stderr.write(`${line}\n`));
  const starting = startElasticsearch(program);
  // The content is there before the first test: it goes past the door at which the tests wait.
  const entrance = await elasticsearchProxy(starting);
  const ready = starting.then(async (node) => {
    await deployShared(await connect({ url: entrance.url }));
    return node;
  });
  const proxy = await elasticsearchProxy(ready);
  process.env['TEST_ELASTICSEARCH_URL'] = proxy.url;
  (globalThis as ElasticsearchSuite).elasticsearch = { starting, proxies: [entrance, proxy] };
}

module.exports = setUp;
