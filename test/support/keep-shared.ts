import { deleteStreams } from './delete-streams';
import { request } from './request';
import { freshNamespace } from './dataset';
import { testCluster } from './cluster';

/**
 * For a test file that destroys: a data stream of ours in a namespace that nothing destroys, so that the pipelines and
 * templates that all tests share are in use, and stay.
 */
export function keepShared(): void {
  const stream = `logs-sysmon.process_creation-${freshNamespace()}`;
  beforeAll(async () => {
    const body = { '@timestamp': 0 };
    await request(await testCluster(), { method: 'POST', path: `/${stream}/_doc`, body });
  });
  afterAll(async () => {
    await deleteStreams(await testCluster(), stream);
  });
}
