import { at, harbour, type Harbour } from '../support/ship';
import * as event from '../support/windows-events';
import { SYSMON, SYSMON_DATA } from '../support/windows-events';

/* Documents that an Elastic integration has been over already. */
let node: Harbour;

beforeAll(async () => {
  node = await harbour();
});

const READY = {
  '@timestamp': '2025-03-10T09:14:31.207Z',
  event: {
    kind: 'event',
    category: ['process'],
    type: ['start'],
    code: '1',
    action: 'Process creation',
    ingested: '2020-01-01T00:00:00Z',
  },
  process: {
    pid: 7312,
    executable: 'C:\\a\\WMIC.exe',
    name: 'WMIC.exe',
    command_line: 'wmic process call create x',
    Ext: { a: 1 },
  },
  host: { name: 'WS07', os: { type: 'windows' } },
  user: { id: 'S-1-5-18', name: 'mira' },
  organization: { name: 'Lab' },
};

test.each(['sysmon', 'security', 'crowdstrike'] as const)('are kept (%s)', async (source) => {
  const { event: sent, ...kept } = READY;
  for (const document of [READY, { message: JSON.stringify(READY) }]) {
    const indexed = await node.index(source, document);
    expect(indexed).toMatchObject(kept);
    expect(indexed.event).toMatchObject({ ...sent, ingested: expect.not.stringContaining('2020') as unknown });
  }
});

test('keep their winlog and get host.os.type', async () => {
  const { process } = READY;
  const sent = { ...event.winlogbeat(SYSMON, { LogonId: '0x1' }), event: READY.event, process };
  const document = await node.index('sysmon', sent);
  expect(document.process).toEqual(process);
  expect(at(document, 'host.os.type')).toBe('windows');
  expect(at(document, 'winlog.event_data')).toMatchObject({ LogonId: '0x1' });
});

test('a category without a process is none', async () => {
  const sent = { ...event.winlogbeat(SYSMON, SYSMON_DATA), event: { category: ['process'] } };
  expect(at(await node.index('sysmon', sent), 'process.pid')).toBe(7312);
});

test('what would clash with the mapping is kept beside it', async () => {
  const document = await node.index('sysmon', { ...READY, user: { name: { first: 'mira' } }, host: 'WS07' });
  expect(at(document, 'winlog.event_data')).toMatchObject({ 'user.name': '{"first":"mira"}', host: 'WS07' });
});

describe('a process without a path', () => {
  const sent = event.winlogbeat(SYSMON, { ...SYSMON_DATA, Image: '-', ParentImage: '-' });

  test('has the name that its command line begins with; its parent has none', async () => {
    const document = await node.index('sysmon', sent);
    expect(at(document, 'process.name')).toBe('WMIC.exe');
    expect(at(document, 'process.parent.args')).toEqual(['C:\\Windows\\system32\\cmd.exe']);
    expect(at(document, 'process.parent')).not.toHaveProperty('name');
  });
});
