import type { Suite } from './global-setup';

async function tearDown(): Promise<void> {
  await (globalThis as Suite).engine?.stop();
}

module.exports = tearDown;
