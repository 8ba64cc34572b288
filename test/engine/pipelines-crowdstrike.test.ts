import type { JsonRecord } from '../../src/json';
import { at, testServer, type TestServer } from '../support/test-server';
import { without } from '../support/windows-events';

/* FDR records: all values are strings, ids are Falcon's own, and two kinds of time stand side by side. */
const RECORD: JsonRecord = {
  event_simpleName: 'ProcessRollup2',
  name: 'ProcessRollup2V19',
  event_platform: 'Win',
  aid: '5d1f0c7b2a6e4f38',
  aip: '198.51.100.7',
  cid: '9e0b44d1',
  id: '2f8a6c1e-0b1d-4c5e-9a77-3d2b1c0e9f88',
  timestamp: '1741598071719',
  ConfigBuild: '1007.3.0018207.1',
  ImageFileName: '\\Device\\HarddiskVolume3\\Windows\\System32\\wbem\\WMIC.exe',
  CommandLine: '\\??\\C:\\Windows\\System32\\wbem\\WMIC.exe  process call create calc.exe',
  ParentBaseFileName: 'cmd.exe',
  ParentProcessId: '5459598860',
  TargetProcessId: '5642133882',
  RawProcessId: '5012',
  ProcessStartTime: '1741598073.321',
  ProcessEndTime: '',
  MD5HashData: 'AA66B3C1D2E4F50617283940A1B2C3D4',
  SHA1HashData: '0000000000000000000000000000000000000000',
  SHA256HashData: ' 4b2d1e0f9a8c7b6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d',
  Tags: '25, 27,40',
  UserSid: 'S-1-5-21-1-2-3-1107',
  ConfigStateHash: '840884426',
};
let node: TestServer;

beforeAll(async () => {
  node = await testServer();
});

test.each([
  ['at the root', RECORD],
  ['in message', { message: JSON.stringify(RECORD) }],
])('CrowdStrike pipeline: a record %s is a process start', async (_name, sent) => {
  const document = await node.index('crowdstrike', sent);
  expect(document['@timestamp']).toBe('2025-03-10T09:14:31.719Z');
  expect(document.event).toMatchObject({
    kind: 'event',
    category: ['process'],
    type: ['start'],
    action: 'ProcessRollup2',
    outcome: 'success',
    created: '2025-03-10T09:14:31.719Z',
    id: '2f8a6c1e-0b1d-4c5e-9a77-3d2b1c0e9f88|5d1f0c7b2a6e4f38|9e0b44d1',
  });
  expect(document.process).toEqual({
    pid: 5012,
    entity_id: '5642133882',
    executable: '\\Device\\HarddiskVolume3\\Windows\\System32\\wbem\\WMIC.exe',
    name: 'WMIC.exe',
    command_line: '\\??\\C:\\Windows\\System32\\wbem\\WMIC.exe  process call create calc.exe',
    args: ['\\??\\C:\\Windows\\System32\\wbem\\WMIC.exe', 'process', 'call', 'create', 'calc.exe'],
    args_count: 5,
    start: '2025-03-10T09:14:33.321Z',
    hash: {
      md5: 'aa66b3c1d2e4f50617283940a1b2c3d4',
      sha256: '4b2d1e0f9a8c7b6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d',
    },
    parent: { entity_id: '5459598860', name: 'cmd.exe' },
  });
  expect(document.host).toEqual({ id: '5d1f0c7b2a6e4f38', os: { type: 'windows' } });
  expect(document.user).toEqual({ id: 'S-1-5-21-1-2-3-1107' });
  expect(at(document, 'related.ip')).toEqual(['198.51.100.7']);
  expect(at(document, 'related.hash')).not.toContain('840884426');
});

test.each([
  ['SyntheticProcessRollup2', ['process']],
  ['ProcessRollup2Stats', undefined],
  ['DnsRequest', undefined],
])('CrowdStrike pipeline: %s has the category %j', async (name, category) => {
  const document = await node.index('crowdstrike', { ...RECORD, event_simpleName: name });
  expect(at(document, 'event.category')).toEqual(category);
  expect(at(document, 'event.action')).toBe(name);
  expect(at(document, 'host.id')).toBe('5d1f0c7b2a6e4f38');
});

test('CrowdStrike pipeline: a record that is not a process start is kept whole', async () => {
  const document = await node.index('crowdstrike', { ...RECORD, event_simpleName: 'ProcessRollup2Stats' });
  expect(document.crowdstrike).toMatchObject({ RawProcessId: '5012', CommandLine: RECORD.CommandLine });
});

test.each([
  ['Mac', 'macos', '/bin/back\\slash/sh', 'sh'],
  ['Lin', 'linux', '/usr/bin/a\\b', 'a\\b'],
])('CrowdStrike pipeline: %s is %s', async (event_platform, type, ImageFileName, name) => {
  const record = without(RECORD, 'UserSid');
  const document = await node.index('crowdstrike', { ...record, event_platform, ImageFileName, UID: '501', GID: '20' });
  expect(at(document, 'host.os.type')).toBe(type);
  expect(at(document, 'process.name')).toBe(name);
  expect(document.user).toEqual({ id: '501', group: { id: '20' } });
});

test('CrowdStrike pipeline: the name comes from the command line where the path is missing', async () => {
  const record = without(RECORD, 'ImageFileName');
  const document = await node.index('crowdstrike', { ...record, CommandLine: '"C:\\Program Files\\x\\y.exe" -z' });
  expect(at(document, 'process.name')).toBe('y.exe');
  expect(at(document, 'process.executable')).toBeUndefined();
});

describe('CrowdStrike pipeline: host and user', () => {
  const joined = {
    host: { ComputerName: 'WS07' },
    user: { UserName: 'mira', User: 'LAB\\mira', UserSid_readable: 'S-1-5-21-1-2-3-1107' },
  };

  async function names(document: JsonRecord) {
    const indexed = await node.index('crowdstrike', document);
    return [at(indexed, 'host.name'), at(indexed, 'user.name'), at(indexed, 'related.user')];
  }

  test.each([
    ['the record itself', { ...RECORD, ComputerName: 'WS07', UserName: 'mira' }],
    ["Splunk's lookup, for the host", { ...RECORD, aid_computer_name: 'WS07', UserName: 'mira' }],
    ['an enrichment from aidmaster and userinfo', { ...RECORD, metadata: joined }],
    ['that of Elastic Agent', { ...RECORD, crowdstrike: { info: joined } }],
    ['one beside the text', { message: JSON.stringify(RECORD), metadata: joined }],
  ])('from %s', async (_name, document) => {
    expect(await names(document)).toEqual(['WS07', 'mira', ['mira']]);
  });

  test('are absent if no field has them', async () => {
    const nothing = { host: { ComputerName: '-' }, user: 'mira' };
    expect(await names({ ...RECORD, metadata: nothing })).toEqual([undefined, undefined, undefined]);
  });

  test("the record's own name wins over what was joined", async () => {
    expect(await names({ ...RECORD, ComputerName: 'WS07', metadata: { host: { ComputerName: 'old' } } })).toEqual([
      'WS07',
      undefined,
      undefined,
    ]);
  });

  test('the domain comes from the account, and what was joined is kept', async () => {
    const document = await node.index('crowdstrike', { ...RECORD, metadata: { user: { User: 'LAB\\mira' } } });
    expect(document.user).toEqual({ id: 'S-1-5-21-1-2-3-1107', name: 'mira', domain: 'LAB' });
    expect(document.crowdstrike).toMatchObject({ metadata: '{"user":{"User":"LAB\\\\mira"}}' });
  });
});
