import { request } from './request';
import { freshNamespace } from './dataset';
import { testCluster } from './cluster';

/**
 * For a test file that destroys: a data stream of ours in a namespace that nothing destroys, so that the pipelines and
 * templates that all tests share are in use, and stay.
 */
export function keepShared(): void {
  let path: string;
  beforeAll(async () => {
    path = `/_data_stream/logs-sysmon.process_creation-${freshNamespace()}`;
    await request(await testCluster(), { method: 'PUT', path });
  });
  afterAll(async () => {
    await request(await testCluster(), { method: 'DELETE', path });
  });
}
