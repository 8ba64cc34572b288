import { dataStream } from '../../src/resources/data-stream';
import { MANAGED_BY } from '../../src/resources/ownership';
import { plainIndex } from '../../src/resources/plain-index';
import { alertIndex } from '../../src/detections/indices';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

test.each([
  ['a data stream', dataStream, (namespace: string) => `logs-sysmon.process_creation-${namespace}`],
  ['an index', plainIndex, alertIndex],
])(
  'deploy of a data stream: %s that goes away while a plan is made needs no change; one of other mappings does',
  async (_, kind, nameIn) => {
    const id = nameIn(freshNamespace());
    const desired = {
      id,
      body: { mappings: { _meta: { managed_by: MANAGED_BY, mappings_digest: 'a', settings_digest: 'b' } } },
    };
    const [gone] = await kind.list({ cluster: await testCluster(), namespace: 'default', now: 0 }, [id]);
    if (gone === undefined) throw new Error('it was passed over');
    expect(kind.unchanged?.(desired, gone)).toBe(true);
    expect(kind.unchanged?.(desired, { ...gone, body: { mappings: {} } })).toBe(false);
  },
);
