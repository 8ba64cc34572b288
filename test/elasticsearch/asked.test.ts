const isAsked = process.env['TEST_ELASTICSEARCH'] === '1';

(isAsked ? test : test.skip)(
  `Elasticsearch: the tests run on a real one${isAsked ? '' : ' (skipped: `npm run test:elasticsearch` fetches and starts it)'}`,
  async () => {
    const answer = await fetch(process.env['TEST_ES_URL'] ?? '');
    expect(await answer.json()).toMatchObject({ version: { build_flavor: 'default' } });
  },
);
