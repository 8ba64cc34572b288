import { request } from '../../src/cluster/cluster';
import { freshNamespace } from './scene';
import { testTarget } from './target';

/**
 * For a test file that destroys: a data stream of ours in a namespace that nothing destroys, so that the pipelines and
 * templates that all tests share are in use, and stay.
 */
export function keepShared(): void {
  let path: string;
  beforeAll(async () => {
    path = `/_data_stream/logs-sysmon.process_creation-${freshNamespace()}`;
    await request(await testTarget(), { method: 'PUT', path });
  });
  afterAll(async () => {
    await request(await testTarget(), { method: 'DELETE', path });
  });
}
