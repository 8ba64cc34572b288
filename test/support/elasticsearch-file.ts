/**
 * Before each test file of the project `elasticsearch`: its cluster is the Elasticsearch of elasticsearch-set-up.ts, and it is ready.
 */
async function useElasticsearch(): Promise<void> {
  const url = process.env['TEST_ELASTICSEARCH_URL'] ?? '';
  process.env['TEST_ES_URL'] = url;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
}

module.exports = useElasticsearch;
