import { testServer, at, type TestServer, type Indexed } from '../support/test-server';
import * as event from '../support/windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from '../support/windows-events';

/* Every shape in which one event may come leads to the same document, but for what the shape does not carry. */
let node: TestServer;

beforeAll(async () => {
  node = await testServer();
});

type Shape = readonly [string, Record<string, unknown>];

function shapesOf(header: typeof SYSMON, data: typeof SYSMON_DATA): Shape[] {
  const objects: Shape[] = [
    ['winlogbeat', event.winlogbeat(header, data)],
    ['winlogbeat 6', event.winlogbeat6(header, data)],
    ['nxlog', event.nxlog(header, data)],
    ['otrf', event.otrf(header, data)],
    ['evtx_dump', event.evtx(header, data)],
    ['chainsaw', event.evtx(header, data, true)],
  ];
  const line = event.xml(header, data);
  const attributes = line
    .replace(/<Provider Name='([^']*)' Guid='([^']*)'\/>/, `<Provider Guid = "$2"\n Name = "$1" ></Provider>`)
    .replace(/<Execution ProcessID='(\d+)' ThreadID='(\d+)'\/>/, `<Execution ThreadID="$2" ProcessID="$1"/>`);
  const cdata = line.replace(
    /<Data Name='CommandLine'>(.*?)<\/Data>/,
    `<Data Name="CommandLine"><![CDATA[${data.CommandLine ?? ''}]]></Data>`,
  );
  return [
    ...objects,
    ...objects.map(([name, document]): Shape => [`${name} in message`, { message: JSON.stringify(document) }]),
    ['xml in message', { message: line }],
    ['xml in event.original', { message: 'A rendered text', event: { original: line } }],
    ['pretty-printed xml', { message: event.xml(header, data, true) }],
    ['xml with attributes in another order and quotes', { message: attributes }],
    ['xml with CDATA', { message: cdata }],
    [
      'xml with a comment and a byte order mark',
      { message: `\uFEFF ${line.replace('<System>', '<!-- <Data> --><System>')}` },
    ],
  ];
}

/** What a rule or a dashboard reads, alike for all shapes. */
function meaning(document: Indexed) {
  return {
    category: at(document, 'event.category'),
    type: at(document, 'event.type'),
    kind: at(document, 'event.kind'),
    action: at(document, 'event.action'),
    code: at(document, 'event.code'),
    provider: at(document, 'event.provider'),
    process: document.process,
    user: document.user,
    related: { hash: sorted(at(document, 'related.hash')), user: at(document, 'related.user') },
    host: at(document, 'host.os.type'),
    channel: at(document, 'winlog.channel'),
    record: at(document, 'winlog.record_id'),
  };
}

function sorted(list: unknown): unknown {
  return Array.isArray(list) ? [...(list as string[])].sort() : list;
}

// As for XML: a byte order mark, then blanks and newlines.
test.each([' ', '\n', '\r\n\t', '\uFEFF', '\uFEFF\n '])(
  'pipelines on each shape: JSON in message after %j',
  async (before) => {
    const record = { event_simpleName: 'ProcessRollup2', RawProcessId: '7312', ImageFileName: '\\Device\\x.exe' };
    for (const [source, sent] of [
      ['sysmon', event.nxlog(SYSMON, SYSMON_DATA)],
      ['crowdstrike', record],
    ] as const) {
      const message = before + JSON.stringify(sent);
      const document = await node.index(source, { message });
      expect(at(document, 'event.kind')).toBe('event');
      expect(at(document, 'process.pid')).toBe(7312);
      expect(at(document, 'event.original')).toBe(message);
    }
  },
);

describe('pipelines on each shape: Sysmon 1', () => {
  test.each(shapesOf(SYSMON, SYSMON_DATA))('%s', async (name, document) => {
    expect(meaning(await node.index('sysmon', document))).toEqual({
      category: ['process'],
      type: ['start'],
      kind: 'event',
      action: 'Process creation',
      code: '1',
      provider: 'Microsoft-Windows-Sysmon',
      process: {
        Ext: { token: { integrity_level_name: 'Medium' } },
        pid: 7312,
        entity_id: '{7C0A3B52-1F4E-67CE-A803-000000002B00}',
        executable: 'C:\\Windows\\System32\\wbem\\WMIC.exe',
        name: 'WMIC.exe',
        command_line: SYSMON_DATA.CommandLine,
        args: [
          'C:\\Windows\\System32\\wbem\\WMIC.exe',
          '/node:FS 01',
          'process',
          'call',
          'create',
          'cmd.exe /c whoami',
        ],
        args_count: 6,
        working_directory: 'C:\\Users\\mira\\',
        hash: {
          md5: '0c1f5a0c6e1b4d7c9a3e2f1b5d6c7a80',
          sha256: '4b2d1e0f9a8c7b6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d',
        },
        pe: {
          company: 'Microsoft Corporation',
          description: 'WMI Commandline Utility',
          file_version: '10.0.19041.1 (WinBuild.160101.0800)',
          original_file_name: 'wmic.exe',
          product: 'Microsoft® Windows® Operating System',
        },
        parent: {
          pid: 6120,
          entity_id: '{7C0A3B52-1F20-67CE-9903-000000002B00}',
          executable: 'C:\\Windows\\System32\\cmd.exe',
          name: 'cmd.exe',
          command_line: '"C:\\Windows\\system32\\cmd.exe" ',
          args: ['C:\\Windows\\system32\\cmd.exe'],
          args_count: 1,
        },
      },
      user: { domain: 'LAB', name: 'mira' },
      related: {
        hash: ['0c1f5a0c6e1b4d7c9a3e2f1b5d6c7a80', '4b2d1e0f9a8c7b6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d'],
        user: ['mira'],
      },
      host: 'windows',
      channel: 'Microsoft-Windows-Sysmon/Operational',
      // OTRF's JSON has none.
      record: name.startsWith('otrf') ? undefined : '48211',
    });
  });
});

describe('pipelines on each shape: Security 4688', () => {
  const splunk: Shape = ['rendered text', { message: event.rendered(SECURITY_DATA) }];

  test.each([...shapesOf(SECURITY, SECURITY_DATA), splunk])('%s', async (name, document) => {
    const text = name === splunk[0];
    expect(meaning(await node.index('security', document))).toEqual({
      category: ['process'],
      type: ['start'],
      kind: 'event',
      action: 'created-process',
      code: '4688',
      provider: 'Microsoft-Windows-Security-Auditing',
      process: {
        Ext: { token: { integrity_level_name: 'Medium' } },
        pid: 7312,
        executable: 'C:\\Windows\\System32\\notepad.exe',
        name: 'notepad.exe',
        // The text is the only shape that cannot tell a blank at the end from its own lines.
        command_line: text ? 'notepad.exe  C:\\notes.txt' : 'notepad.exe  C:\\notes.txt ',
        args: ['notepad.exe', 'C:\\notes.txt'],
        args_count: 2,
        parent: { pid: 3028, executable: 'C:\\Windows\\System32\\wbem\\WmiPrvSE.exe', name: 'WmiPrvSE.exe' },
      },
      user: {
        // Splunk's text has names where the SIDs were.
        ...(text ? {} : { id: 'S-1-5-20' }),
        name: 'WS07$',
        domain: 'LAB',
        effective: { name: 'mira', domain: 'LAB' },
      },
      related: { hash: undefined, user: ['WS07$', 'mira'] },
      host: 'windows',
      channel: 'Security',
      record: name.startsWith('otrf') ? undefined : '903114',
    });
  });
});
