import type { ElasticsearchSuite } from './elasticsearch-set-up';

async function tearDown(): Promise<void> {
  const { starting, proxies = [] } = (globalThis as ElasticsearchSuite).elasticsearch ?? {};
  await (await starting?.catch(() => undefined))?.stop();
  await Promise.all(proxies.map(({ close }) => close()));
}

module.exports = tearDown;
