import { at, testServer, type TestServer, type Indexed } from '../support/test-server';
import * as event from '../support/windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from '../support/windows-events';

/* Single values: times, numbers, names and command lines, as they are found in real logs. */
let node: TestServer;

beforeAll(async () => {
  node = await testServer();
});

const sysmon = (data: Record<string, unknown> = {}, outer: Record<string, unknown> = {}): Promise<Indexed> =>
  node.index('sysmon', { ...event.winlogbeat(SYSMON, { ...SYSMON_DATA, ...data }), ...outer });
const security = (data: Record<string, unknown> = {}): Promise<Indexed> =>
  node.index('security', event.winlogbeat(SECURITY, { ...SECURITY_DATA, ...data }));

describe('pipelines: the time of an event', () => {
  const flat = event.nxlog(SYSMON, SYSMON_DATA);
  const local = { ...event.nxlog(SECURITY, SECURITY_DATA), EventTime: '2025-03-10 10:14:31' };

  test('is Sysmon’s own UtcTime; the log’s is event.created', async () => {
    const document = await node.index('sysmon', { message: event.xml(SYSMON, SYSMON_DATA) });
    expect(document['@timestamp']).toBe('2025-03-10T09:14:31.207Z');
    expect(at(document, 'event.created')).toBe('2025-03-10T09:14:31.2151234Z');
  });

  test('has no offset in NXLog: UTC unless event.timezone says other', async () => {
    expect((await node.index('security', local))['@timestamp']).toBe('2025-03-10T10:14:31Z');
  });

  test.each([
    ['+01:00', '2025-03-10T09:14:31Z'],
    ['Europe/Vienna', '2025-03-10T09:14:31Z'],
    ['Nowhere/None', '2025-03-10T10:14:31Z'],
  ])('is read in event.timezone %s', async (timezone, expected) => {
    expect((await node.index('security', { ...local, event: { timezone } }))['@timestamp']).toBe(expected);
  });

  test.each(['yesterday', '2025-02-30T10:00:00Z', '2025-03-10T25:00:00Z', '', null, { a: 1 }, [1, 2]])(
    'that is %j is the time of arrival, and is kept',
    async (stamp) => {
      const document = await sysmon({ UtcTime: undefined }, { '@timestamp': stamp });
      expect(document['@timestamp']).toBe(at(document, 'event.ingested'));
      const kept = at(document, 'winlog.event_data') as Record<string, unknown>;
      const nothing = stamp === null || stamp === '';
      expect(kept['@timestamp']).toBe(nothing ? undefined : typeof stamp === 'string' ? stamp : JSON.stringify(stamp));
    },
  );

  test('event.ingested is the node’s clock, whatever the shipper wrote', async () => {
    const before = Date.now() - 60_000;
    const document = await sysmon({}, { event: { ingested: '1999-01-01T00:00:00Z' } });
    expect(Date.parse(String(at(document, 'event.ingested')))).toBeGreaterThan(before);
  });

  test('reception by NXLog is event.created', async () => {
    expect(at(await node.index('sysmon', flat), 'event.created')).toBe('2025-03-10T09:14:33Z');
  });
});

describe('pipelines: a process id', () => {
  test.each([
    ['0x1c90', 7312],
    ['7312', 7312],
    [7312, 7312],
  ])('%j is a number', async (written, pid) => {
    expect(at(await security({ NewProcessId: written }), 'process.pid')).toBe(pid);
  });

  test.each(['0x', '0xZZ', 'four', '99999999999999999999', '-4'])('%j is none, and is kept', async (written) => {
    const document = await security({ NewProcessId: written });
    expect(at(document, 'process.pid')).toBeUndefined();
    expect(at(document, 'winlog.event_data')).toMatchObject({ 'process.pid': written });
  });

  const lost = event.without(SYSMON_DATA, 'ProcessId');
  const Message = `Process Create:\r\nRuleName: -\r\nProcessId: ${SYSMON_DATA.ProcessId ?? ''}\r\nImage: x\r\nParentProcessId: 6120`;

  test('that NXLog loses is recovered from the message', async () => {
    const document = await node.index('sysmon', { ...event.nxlog(SYSMON, lost), Message });
    expect(at(document, 'process.pid')).toBe(7312);
    expect(at(document, 'winlog.process.pid')).toBe(2964);
  });

  test('is never the logging service’s own', async () => {
    const document = await node.index('sysmon', event.nxlog(SYSMON, lost));
    expect(at(document, 'process.pid')).toBeUndefined();
  });
});

describe('pipelines: absent values', () => {
  test.each(['-', '?', ''])('%j makes no field', async (nothing) => {
    const document = await sysmon({ OriginalFileName: nothing, Company: nothing, ParentImage: nothing, User: nothing });
    expect(at(document, 'process.pe.original_file_name')).toBeUndefined();
    expect(at(document, 'process.pe.company')).toBeUndefined();
    expect(at(document, 'process.parent.executable')).toBeUndefined();
    expect(document).not.toHaveProperty('user');
  });

  test('a hash of zeros is none', async () => {
    const document = await sysmon({ Hashes: `MD5=${'0'.repeat(32)},SHA1=${'A'.repeat(40)}` });
    expect(at(document, 'process.hash')).toEqual({ sha1: 'a'.repeat(40) });
    expect(at(document, 'related.hash')).toEqual(['a'.repeat(40)]);
  });

  test('a blank command line makes no field', async () => {
    const document = await security({ CommandLine: ' ' });
    expect(at(document, 'process.command_line')).toBeUndefined();
    expect(at(document, 'process.args')).toBeUndefined();
  });

  test('4688 of the first version has neither command line nor parent', async () => {
    const first = event.without(SECURITY_DATA, 'CommandLine', 'ParentProcessName', 'MandatoryLabel');
    const document = await node.index('security', { message: event.xml({ ...SECURITY, version: 0 }, first) });
    expect(document.process).toEqual({
      pid: 7312,
      executable: 'C:\\Windows\\System32\\notepad.exe',
      name: 'notepad.exe',
      parent: { pid: 3028 },
    });
  });
});

describe('pipelines: users', () => {
  test('Sysmon’s service account is no user.id', async () => {
    const document = await sysmon();
    expect(document.user).toEqual({ domain: 'LAB', name: 'mira' });
    expect(at(document, 'winlog.user.identifier')).toBe('S-1-5-18');
  });

  test('a name without a domain', async () => {
    expect((await sysmon({ User: 'mira' })).user).toEqual({ name: 'mira' });
  });

  test('of 4688: who asked, and whose the process is', async () => {
    const document = await security({ TargetUserSid: 'S-1-5-21-1-2-3-1107' });
    expect(document.user).toEqual({
      id: 'S-1-5-20',
      name: 'WS07$',
      domain: 'LAB',
      effective: { id: 'S-1-5-21-1-2-3-1107', name: 'mira', domain: 'LAB' },
    });
    expect(at(document, 'related.user')).toEqual(['WS07$', 'mira']);
  });

  test('of 4688 without a target', async () => {
    const document = await security({ TargetUserName: '-', TargetDomainName: '-' });
    expect(at(document, 'user.effective')).toBeUndefined();
    expect(at(document, 'related.user')).toEqual(['WS07$']);
  });
});

describe('pipelines: paths', () => {
  test.each([
    ['\\Device\\HarddiskVolumeShadowCopy7\\Windows\\System32\\cmd.exe', 'cmd.exe'],
    ['\\\\tsclient\\C\\tools\\x.exe', 'x.exe'],
    ['C:/tools/x.exe', 'x.exe'],
    ['Registry', 'Registry'],
    ['C:\\odd\\', 'C:\\odd\\'],
  ])('%s is kept, its name is %s', async (path, name) => {
    const document = await sysmon({ Image: path });
    expect(at(document, 'process.executable')).toBe(path);
    expect(at(document, 'process.name')).toBe(name);
  });

  test.each([
    ['7C0A3B52-1F4E-67CE-A803-000000002B00'],
    ['{7c0a3b52-1f4e-67ce-a803-000000002b00}'],
    ['{7C0A3B52-1F4E-67CE-A803-000000002B00}'],
  ])('the GUID %s has one form', async (guid) => {
    expect(at(await sysmon({ ProcessGuid: guid }), 'process.entity_id')).toBe('{7C0A3B52-1F4E-67CE-A803-000000002B00}');
  });
});

/* https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw and its examples. */
test.each([
  ['a.exe "a b c" d e', ['a.exe', 'a b c', 'd', 'e']],
  ['a.exe "ab\\"c" "\\\\" d', ['a.exe', 'ab"c', '\\', 'd']],
  ['a.exe a\\\\\\b d"e f"g h', ['a.exe', 'a\\\\\\b', 'de fg', 'h']],
  ['a.exe a\\\\\\"b c d', ['a.exe', 'a\\"b', 'c', 'd']],
  ['a.exe a\\\\\\\\"b c" d e', ['a.exe', 'a\\\\b c', 'd', 'e']],
  ['"C:\\dir\\" x', ['C:\\dir\\', 'x']],
  ['a.exe "x""y"', ['a.exe', 'x"y']],
  ['a.exe ""', ['a.exe', '']],
  ['\t wmic  process\tcall ', ['wmic', 'process', 'call']],
  ['"unclosed thing', ['unclosed thing']],
])('pipelines: the command line %s is split as Windows does', async (line, args) => {
  const document = await sysmon({ CommandLine: line });
  expect(at(document, 'process.args')).toEqual(args);
  expect(at(document, 'process.args_count')).toBe(args.length);
  expect(at(document, 'process.command_line')).toBe(line);
});

describe('pipelines: other events of the channel', () => {
  const network = {
    UtcTime: '2025-03-10 09:14:31.207',
    ProcessId: '7312',
    Image: 'C:\\a.exe',
    DestinationIp: '10.1.2.3',
  };

  test.each([
    ['winlogbeat', event.winlogbeat({ ...SYSMON, id: 3 }, network)],
    ['xml', { message: event.xml({ ...SYSMON, id: 3 }, network) }],
    ['nxlog', event.nxlog({ ...SYSMON, id: 3 }, network)],
  ])('pass through whole (%s)', async (_name, sent) => {
    const document = await node.index('sysmon', sent);
    expect(document['@timestamp']).toBe('2025-03-10T09:14:31.207Z');
    expect(at(document, 'event.category')).toBeUndefined();
    expect(at(document, 'event.code')).toBe('3');
    expect(document).not.toHaveProperty('process');
    expect(at(document, 'winlog.event_data')).toMatchObject(network);
  });

  test('user data of an event without event data', async () => {
    const message = event
      .xml({ ...SECURITY, id: 1102 }, {})
      .replace(
        '<EventData></EventData>',
        '<UserData><LogFileCleared><SubjectUserName>mira</SubjectUserName></LogFileCleared></UserData>',
      );
    expect(at(await node.index('security', { message }), 'winlog.user_data')).toEqual({ SubjectUserName: 'mira' });
  });

  test('unnamed data are param1, param2', async () => {
    const message = event
      .xml({ ...SYSMON, id: 255 }, {})
      .replace('<EventData>', '<EventData><Data>one</Data><Data>two &amp; &#x41;</Data>');
    expect(at(await node.index('sysmon', { message }), 'winlog.event_data')).toEqual({
      param1: 'one',
      param2: 'two & A',
    });
  });
});
