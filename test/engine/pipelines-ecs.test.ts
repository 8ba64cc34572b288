import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { at, testServer, type TestServer } from '../support/test-server';
import * as event from '../support/windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from '../support/windows-events';

/* Documents that an Elastic integration has been over already. */
let node: TestServer;

beforeAll(async () => {
  node = await testServer();
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

test.each(['sysmon', 'security', 'crowdstrike'] as const)('pipelines on ECS fields: are kept (%s)', async (source) => {
  const { event: sent, ...kept } = READY;
  for (const document of [READY, { message: JSON.stringify(READY) }]) {
    const indexed = await node.index(source, document);
    expect(indexed).toMatchObject(kept);
    expect(indexed.event).toMatchObject({ ...sent, ingested: expect.not.stringContaining('2020') as unknown });
  }
});

test.each(['sysmon', 'security', 'crowdstrike'] as const)(
  'pipelines on ECS fields: are kept beside JSON in message (%s)',
  async (source) => {
    const message = JSON.stringify({ ...event.nxlog(SYSMON, SYSMON_DATA), event_simpleName: 'ProcessRollup2' });
    const { event: sent, ...kept } = READY;
    const indexed = await node.index(source, { ...READY, message });
    expect(indexed).toMatchObject({ ...kept, message, event: { code: sent.code, action: sent.action } });
  },
);

test('pipelines on ECS fields: keep their winlog and get host.os.type', async () => {
  const { process } = READY;
  const sent = { ...event.winlogbeat(SYSMON, { LogonId: '0x1' }), event: READY.event, process };
  const document = await node.index('sysmon', sent);
  expect(document.process).toEqual(process);
  expect(at(document, 'host.os.type')).toBe('windows');
  expect(at(document, 'winlog.event_data')).toMatchObject({ LogonId: '0x1' });
});

test('pipelines on ECS fields: a category without a process is dropped', async () => {
  const sent = { ...event.winlogbeat(SYSMON, SYSMON_DATA), event: { category: ['process'] } };
  expect(at(await node.index('sysmon', sent), 'process.pid')).toBe(7312);
});

test('pipelines on ECS fields: a value that clashes with the mapping is kept beside it', async () => {
  const document = await node.index('sysmon', { ...READY, user: { name: { first: 'mira' } }, host: 'WS07' });
  expect(at(document, 'winlog.event_data')).toMatchObject({ 'user.name': '{"first":"mira"}', host: 'WS07' });
});

describe('pipelines on ECS fields: what a module of Winlogbeat 7 moved to process.*, without a category', () => {
  const folder = join(__dirname, '../pipelines/logs-sysmon.process_creation@default-pipeline');
  const { events } = JSON.parse(readFileSync(join(folder, 'test-winlogbeat7-module.json'), 'utf8')) as {
    events: readonly { readonly process: { readonly parent: object } }[];
  };
  const [moved] = events;
  if (moved === undefined) throw new Error('no event');

  test('stays, and both rules find it', async () => {
    const [item] = await node.ship('sysmon', [{ ...moved }]);
    for (const rule of readRules('rules')) expect(await node.find('sysmon', toQueryDsl(rule))).toContain(item?.id);
    const document = await node.index('sysmon', { ...moved });
    expect(document.process).toMatchObject(moved.process);
    expect(at(document, 'process.pe.original_file_name')).toBe('wmic.exe');
    expect(at(document, 'event.category')).toEqual(['process']);
    expect(JSON.stringify(at(document, 'winlog.event_data'))).not.toContain('process.');
  });

  test('stays for 4688, where the command line alone would give another name', async () => {
    const { NewProcessName: executable, ParentProcessName, ...left } = SECURITY_DATA;
    const process = {
      executable,
      name: 'notepad.exe',
      parent: { executable: ParentProcessName, name: 'WmiPrvSE.exe' },
    };
    const sent = { ...event.winlogbeat(SECURITY, { ...left, CommandLine: '"C:\\links\\editor" x' }), process };
    const document = await node.index('security', sent);
    expect(document.process).toMatchObject({ ...process, pid: 7312, args: ['C:\\links\\editor', 'x'] });
    expect(at(document, 'process.parent')).toEqual({ ...process.parent, pid: 3028 });
  });

  test("gives way to the event's own value and is kept beside it", async () => {
    const process = { name: 'other.exe', pid: 7312, hash: { sha1: 'a' }, parent: { name: 'WmiPrvSE.exe', title: 'x' } };
    const document = await node.index('sysmon', { ...event.winlogbeat(SYSMON, SYSMON_DATA), process });
    expect(document.process).toMatchObject({ name: 'WMIC.exe', parent: { name: 'cmd.exe', title: 'x' } });
    expect(document.process).toMatchObject({ hash: { sha1: 'a', md5: expect.any(String) as unknown } });
    const kept = at(document, 'winlog.event_data') as Record<string, unknown>;
    expect(kept).toMatchObject({ 'process.name': 'other.exe', 'process.parent.name': 'WmiPrvSE.exe' });
    expect(kept).not.toHaveProperty(['process.pid']);
  });

  test('is the collector’s own where the event came as text', async () => {
    const process = { name: 'collector', thread: { id: 4 } };
    const document = await node.index('sysmon', { message: event.xml(SYSMON, SYSMON_DATA), process });
    expect(document.process).toMatchObject({ name: 'WMIC.exe' });
    expect(document.process).not.toHaveProperty('thread');
    expect(at(document, 'winlog.event_data.process')).toBe('{"name":"collector","thread":{"id":4}}');
  });
});

describe('pipelines on ECS fields: a process without a path', () => {
  const sent = event.winlogbeat(SYSMON, { ...SYSMON_DATA, Image: '-', ParentImage: '-' });

  test('has the name that its command line begins with; its parent has none', async () => {
    const document = await node.index('sysmon', sent);
    expect(at(document, 'process.name')).toBe('WMIC.exe');
    expect(at(document, 'process.parent.args')).toEqual(['C:\\Windows\\system32\\cmd.exe']);
    expect(at(document, 'process.parent')).not.toHaveProperty('name');
  });
});
