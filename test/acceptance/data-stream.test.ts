import { dataStream } from '../../src/resources/data-stream';
import { MANAGED_BY } from '../../src/resources/ownership';
import { freshNamespace } from '../support/scene';
import { testTarget } from '../support/target';

test('a data stream that goes away while a plan is made needs no change; one of other mappings does', async () => {
  const id = `logs-sysmon.process_creation-${freshNamespace()}`;
  const desired = {
    id,
    body: { mappings: { _meta: { managed_by: MANAGED_BY, mappings_digest: 'a', settings_digest: 'b' } } },
  };
  const [gone] = await dataStream.list({ target: await testTarget(), namespace: 'default' }, [id]);
  if (gone === undefined) throw new Error('it was passed over');
  expect(dataStream.unchanged?.(desired, gone)).toBe(true);
  expect(dataStream.unchanged?.(desired, { ...gone, body: { mappings: {} } })).toBe(false);
});
