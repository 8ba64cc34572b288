import { fetchElasticsearch } from '../test/support/elasticsearch-distribution';

/*
 * Fetches the Elasticsearch that the tests run on into the cache, where it is not there yet:
 *
 *     npm run fetch:elasticsearch
 *
 * `npm run test:elasticsearch` does it by itself; `.ci/run` does it beforehand, because without it those tests are skipped there.
 */
fetchElasticsearch((line) => {
  console.error(line);
}).then(
  (folder) => {
    console.log(folder);
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
