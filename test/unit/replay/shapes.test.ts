import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { eventOf } from '../../../src/replay/event';
import { listInputs } from '../../../src/replay/inputs';
import { readInput } from '../../../src/replay/read';
import { readObject } from '../../../src/replay/json-document';
import { isRecord } from '../../../src/json';

// What tools write around an event, and what `replay` makes of it: the event as it was logged, under its source.

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wmi-detections-shapes-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Source, line and document of each event in a file, and the faults. */
async function events(content: string | Buffer): Promise<{ events: unknown[]; faults: unknown[] }> {
  const path = join(folder, 'events');
  writeFileSync(path, content);
  const found: unknown[] = [];
  const faults: unknown[] = [];
  for (const input of listInputs([path])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) faults.push(read.problem.message);
      else
        for (const record of read.records) {
          const { source, line, document, fault } = eventOf(record, 'events');
          const value = readObject(Buffer.from(document as string))?.value;
          found.push([
            source,
            line,
            isRecord(value) && Object.keys(value).join() === 'message' ? value.message : value,
          ]);
          if (fault !== undefined) faults.push(`${line}: ${fault}`);
        }
    }
  }
  return { events: found, faults };
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

const XML = `<Event xmlns='x'><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID></System></Event>`;
const NXLOG = { EventID: 4688, SourceName: 'Microsoft-Windows-Security-Auditing', Channel: 'ForwardedEvents' };
const FALCON = { event_simpleName: 'ProcessRollup2', aid: 'a', cid: 'c' };
const EVTX = { Event: { System: { Provider_attributes: { Name: 'Microsoft-Windows-Sysmon' }, EventID: 1 } } };
const TEXT = '11/29/2026 10:11:12 AM\nLogName=Security\nEventCode=4688\nMessage=A new process has been created.';
const SPLUNK = { host: 'ws', source: 'XmlWinEventLog:Security', sourcetype: 'XmlWinEventLog', index: 'win' };

describe('shapes of files: what is around an event is taken off', () => {
  test.each([
    ['an export of Splunk, XML', { preview: false, result: { _raw: XML, ...SPLUNK } }, 'sysmon', XML],
    ['an export of Splunk, rendered text', { preview: false, result: { _raw: TEXT } }, 'windows_security', TEXT],
    ['an export of Splunk, JSON', { result: { _raw: JSON.stringify(FALCON), ...SPLUNK } }, 'crowdstrike', FALCON],
    ['an export of Splunk, fields', { preview: false, lastrow: true, result: NXLOG }, 'windows_security', NXLOG],
    ["Splunk's REST", { preview: false, init_offset: 0, results: [{ _raw: XML, ...SPLUNK }] }, 'sysmon', XML],
    ['a raw event of Splunk', { _raw: XML, _time: '2026-11-29T10:11:12.345+0000', ...SPLUNK }, 'sysmon', XML],
    [
      'a raw event of Cribl',
      { _raw: JSON.stringify(NXLOG), _time: 1795947072.345, cribl_pipe: 'x' },
      'windows_security',
      NXLOG,
    ],
    ["Splunk's HTTP Event Collector, a string", { time: 1795947072.345, ...SPLUNK, event: XML }, 'sysmon', XML],
    [
      "Splunk's HTTP Event Collector, an object",
      { time: 1795947072, ...SPLUNK, event: NXLOG },
      'windows_security',
      NXLOG,
    ],
    [
      'Chainsaw hunt',
      { group: 'Sigma', kind: 'individual', document: { kind: 'evtx', path: 'x', data: EVTX } },
      'sysmon',
      EVTX,
    ],
    ['Chainsaw hunt, an aggregate', { kind: 'aggregate', documents: [{ kind: 'evtx', data: EVTX }] }, 'sysmon', EVTX],
    ['LogScale, the raw string', { '@rawstring': JSON.stringify(FALCON), '#repo': 'x' }, 'crowdstrike', FALCON],
    ['Azure Event Hub', { records: [NXLOG] }, 'windows_security', NXLOG],
    ["PowerShell's list", { value: [NXLOG], Count: 1 }, 'windows_security', NXLOG],
    ['a hit with a raw event', { _index: 'x', _source: { _raw: XML } }, 'sysmon', XML],
  ])('%s', async (_, record, source, event) => {
    expect(await events(JSON.stringify(record))).toEqual({ events: [[source, 1, event]], faults: [] });
  });

  test("of a request of OpenTelemetry's file exporter each log record is an event", async () => {
    const list = (entries: Record<string, unknown>): unknown => ({
      kvlistValue: { values: Object.entries(entries).map(([key, value]) => ({ key, value })) },
    });
    const record = (name: string): unknown => ({
      timeUnixNano: '1795947072345678900',
      body: list({
        provider: list({ name: { stringValue: name } }),
        event_id: list({ id: { intValue: '1' } }),
        keywords: { arrayValue: { values: [{ stringValue: 'x' }] } },
      }),
    });
    const resource = { attributes: [{ key: 'host.name', value: { stringValue: 'ws' } }] };
    const scopeLogs = [{ scope: { name: 'x' }, logRecords: [record('Microsoft-Windows-Sysmon'), record('Other')] }];
    const event = (name: string): unknown => ({
      '@timestamp': '2026-11-29T10:11:12.345Z',
      body: { provider: { name }, event_id: { id: '1' }, keywords: ['x'] },
      resource: { attributes: { 'host.name': 'ws' } },
    });
    expect(await events(JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }))).toEqual({
      events: [
        ['sysmon', 1, event('Microsoft-Windows-Sysmon')],
        ['unrecognised', 1, event('Other')],
      ],
      faults: [],
    });
  });

  test("EvtxECmd's record is the event that its payload and its columns tell, in JSON as in CSV", async () => {
    const Payload = '{"EventData":{"Data":[{"@Name":"Image","#text":"a.exe"}]}}';
    const columns = {
      EventId: 1,
      Provider: 'Microsoft-Windows-Sysmon',
      Channel: 'x',
      Computer: 'ws',
      PayloadData1: 'again',
      Payload,
    };
    const system = { Provider: { '@Name': 'Microsoft-Windows-Sysmon' }, Channel: 'x', Computer: 'ws' };
    const EventData = { Data: [{ '@Name': 'Image', '#text': 'a.exe' }] };
    const csv = `${Object.keys(columns).join()}\n${Object.values(columns).map(String).map(quoted).join()}\n`;
    for (const [content, EventID] of [
      [JSON.stringify(columns), 1],
      [csv, '1'],
    ] as const) {
      const { events: found } = await events(content);
      expect(found).toMatchObject([
        ['sysmon', expect.any(Number), { Event: { System: { ...system, EventID }, EventData } }],
      ]);
    }
    const broken = { ...columns, Payload: '{' };
    expect((await events(JSON.stringify(broken))).events).toEqual([['sysmon', 1, broken]]);
  });

  test('each event of a list is one, on its line', async () => {
    const list = `{"results":[\n${JSON.stringify({ _raw: XML })},\n${JSON.stringify({ _raw: 'x' })}]}`;
    expect((await events(list)).events).toEqual([
      ['sysmon', 2, XML],
      ['unrecognised', 3, { _raw: 'x' }],
    ]);
  });

  test.each([
    ['a result of something else', { result: { a: 1 } }],
    ['a raw text of something else', { _raw: 'Accepted password for root', host: 'x' }],
    ['an event that has its raw text beside it', { ...NXLOG, _raw: XML }],
    ['records of something else', { records: [{ a: 1 }] }],
    ['an event of ECS with a time', { time: 1, event: { kind: 'event' }, host: { name: 'x' }, message: 'x' }],
  ])('but not of %s', async (_, record) => {
    expect((await events(JSON.stringify(record))).events).toEqual([[expect.any(String), 1, record]]);
  });
});

describe('shapes of files: text', () => {
  test("evtx_dump's default output: XML under numbers", async () => {
    const dump = `Record 1\n<?xml version="1.0" encoding="utf-8"?>\n${XML}\n\nRecord 2\n<?xml version="1.0" encoding="utf-8"?>\n${XML}\n`;
    expect(await events(dump)).toEqual({
      events: [
        ['sysmon', 3, XML],
        ['sysmon', 7, XML],
      ],
      faults: [],
    });
  });

  const wevtutil = (labels: readonly string[], colon: string): string => {
    const values = [
      'Security',
      'Microsoft-Windows-Security-Auditing',
      '2026-11-29T10:11:12.345',
      '4688',
      'Process Creation',
    ];
    const rest = ['Information', 'Info', 'Audit Success', 'N/A', 'N/A', 'WIN10.contoso.local', ''];
    const lines = labels.map((label, at) => `  ${label}: ${[...values, ...rest][at] ?? ''}`);
    const one = [...lines, 'A new process has been created.', '', 'Creator Subject:', '\tAccount Name:\t\tWIN10$', ''];
    return [0, 1].map((number) => [`Event[${number}]${colon}`, ...one].join('\r\n')).join('\r\n');
  };
  const english = [
    'Log Name',
    'Source',
    'Date',
    'Event ID',
    'Task',
    'Level',
    'Opcode',
    'Keyword',
    'User',
    'User Name',
    'Computer',
  ];
  const german = [
    'Protokollname',
    'Quelle',
    'Datum',
    'Ereignis-ID',
    'Aufgabe',
    'Ebene',
    'Opcode',
    'Schlüsselwort',
    'Benutzer',
  ];

  test.each([
    ['in English', [...english, 'Description'], ':'],
    ['in German', [...german, 'Benutzername', 'Computer', 'Beschreibung'], ''],
  ])("wevtutil's text, %s", async (_, labels, colon) => {
    const event = {
      Channel: 'Security',
      SourceName: 'Microsoft-Windows-Security-Auditing',
      EventTime: '2026-11-29T10:11:12.345',
      EventID: '4688',
      Category: 'Process Creation',
      Severity: 'Information',
      Opcode: 'Info',
      Keywords: 'Audit Success',
      Hostname: 'WIN10.contoso.local',
      Message: 'A new process has been created.\r\n\r\nCreator Subject:\r\n\tAccount Name:\t\tWIN10$',
    };
    expect(await events(wevtutil(labels, colon))).toEqual({
      events: [
        ['windows_security', 1, event],
        ['windows_security', 19, event],
      ],
      faults: [],
    });
  });

  test.each([
    ['XML, RFC 5424', `<14>1 2026-11-29T10:11:12.345Z WIN10 evt - - - ${XML}`, 'sysmon'],
    ['JSON, RFC 3164', `<14>Nov 29 10:11:12 WIN10 ${JSON.stringify(NXLOG)}`, 'windows_security'],
    ['JSON, as stored', `Nov 29 10:11:12 WIN10 ${JSON.stringify(NXLOG)}`, 'windows_security'],
    [
      'Snare',
      '<14>Nov 29 10:11:12 WIN10 MSWinEventLog\t1\tSecurity\t77\tSun Nov 29 10:11:12 2026\t4688\tMicrosoft-Windows-Security-Auditing\tx',
      'windows_security',
    ],
  ])('an event behind a syslog header: %s', async (_, line, source) => {
    expect(await events(`${line}\n`)).toEqual({ events: [[source, 1, line]], faults: [] });
  });

  test('a syslog line of something else is reported', async () => {
    expect(await events('<38>Nov 29 10:11:12 host sshd[1]: see Microsoft-Windows-Sysmon')).toMatchObject({
      events: [['unrecognised', 1, '<38>Nov 29 10:11:12 host sshd[1]: see Microsoft-Windows-Sysmon']],
      faults: ['1: is neither JSON, event XML nor a rendered event'],
    });
  });
});

const MESSAGE = 'Process Create:\r\nRuleName: -\r\nImage: C:\\a "b", c.exe';

describe('shapes of files: CSV', () => {
  test.each([
    ['English', ',', 'Level,Date and Time,Source,Event ID,Task Category', '11/29/2026 10:11:12 AM'],
    ['German', ';', 'Ebene;Datum und Uhrzeit;Quelle;Ereignis-ID;Aufgabenkategorie', '29.11.2026 10:11:12'],
    ['text with tabs', '\t', 'Level\tDate and Time\tSource\tEvent ID\tTask Category', '11/29/2026 10:11:12 AM'],
  ])("Windows' Event Viewer, %s: the message has no name", async (_, delimiter, header, time) => {
    const row = ['Information', time, 'Microsoft-Windows-Sysmon', '1', 'Process Create', quoted(MESSAGE)].join(
      delimiter,
    );
    const event = {
      Severity: 'Information',
      EventTime: time.replace('11/29/2026 10:11:12 AM', '2026-11-29T10:11:12'),
      SourceName: 'Microsoft-Windows-Sysmon',
      EventID: '1',
      Category: 'Process Create',
      Message: MESSAGE,
    };
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const file = Buffer.from(`\ufeff${header}\r\n${row}\r\n${row}\r\n`, encoding);
      expect(await events(file)).toEqual({
        events: [
          ['sysmon', 2, event],
          ['sysmon', 5, event],
        ],
        faults: [],
      });
    }
  });

  test("Windows' Event Viewer, the log Security", async () => {
    const row = `Audit Success,11/29/2026 10:11:12 AM,Microsoft-Windows-Security-Auditing,4688,Process Creation,${quoted('A "new" one')}`;
    expect((await events(`Keywords,Date and Time,Source,Event ID,Task Category\n${row}\n`)).events).toMatchObject([
      ['windows_security', 2, { Keywords: 'Audit Success', EventID: '4688', Message: 'A "new" one' }],
    ]);
  });

  test('Microsoft Sentinel: the zone is in the name of the column, an empty value is none', async () => {
    const csv = [
      '"TenantId","TimeGenerated [UTC]",EventSourceName,Channel,Computer,EventID,CommandLine,Task',
      '"t","11/29/2026, 1:01:02.345 PM","Microsoft-Windows-Security-Auditing",Security,ws,4688,"cmd /c ""x"", y",',
    ].join('\r\n');
    const event = {
      TenantId: 't',
      TimeGenerated: '2026-11-29T13:01:02.345Z',
      EventSourceName: 'Microsoft-Windows-Security-Auditing',
      Channel: 'Security',
      Computer: 'ws',
      EventID: '4688',
      CommandLine: 'cmd /c "x", y',
    };
    expect(await events(csv)).toEqual({ events: [['windows_security', 2, event]], faults: [] });
  });

  test.each([
    ['12:00:00 AM', 'T00:00:00Z'],
    ['12:30:00.5 PM', 'T12:30:00.5Z'],
    ['not a time', undefined],
  ])('Microsoft Sentinel: %s', async (time, iso) => {
    const csv = `"TimeGenerated [UTC]",Provider,EventID\n"1/2/2026, ${time}",Microsoft-Windows-Sysmon,1\n`;
    const TimeGenerated = iso === undefined ? `1/2/2026, ${time}` : `2026-01-02${iso}`;
    expect((await events(csv)).events).toMatchObject([['sysmon', 2, { TimeGenerated }]]);
  });

  test.each([
    ['all fields of Splunk', `"_time",source,host,"_raw"\n"2026-11-29",x,ws,${quoted(XML)}\n`, 'sysmon', XML],
    ['the raw events of Splunk', `_raw\n${quoted(JSON.stringify(FALCON))}\n`, 'crowdstrike', FALCON],
    [
      'Get-WinEvent | Export-Csv',
      `#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\n"Message","Id","ProviderName"\n"a","1","Microsoft-Windows-Sysmon"\n`,
      'sysmon',
      { Message: 'a', Id: '1', ProviderName: 'Microsoft-Windows-Sysmon' },
    ],
    [
      "Kibana's Discover",
      `"@timestamp","winlog.channel","process.name"\n"2026-11-29T10:11:12.345Z","Security","a.exe"\n`,
      'windows_security',
      { '@timestamp': '2026-11-29T10:11:12.345Z', winlog: { channel: 'Security' }, process: { name: 'a.exe' } },
    ],
  ])('%s', async (_, csv, source, event) => {
    expect(await events(csv)).toEqual({ events: [[source, expect.any(Number), event]], faults: [] });
  });

  test('more values than names, bytes of an old code page, and a quote in a value are kept', async () => {
    const csv = Buffer.from('Channel,EventID,User\nSecurity,4688,Zo\xeb,more\nSecurity,4688,a "b" c\n', 'latin1');
    expect(await events(csv)).toEqual({
      events: [
        ['windows_security', 2, expect.stringContaining('Zoë')],
        ['windows_security', 3, { Channel: 'Security', EventID: '4688', User: 'a "b" c' }],
      ],
      faults: ['2: has 1 byte that are not UTF-8, read as Windows-1252'],
    });
  });

  test('a quote without an end stops the file, and what came before it is read', async () => {
    const rows = Array.from({ length: 150 }, (_, at) => `Security,4688,${at}`).join('\n');
    const { events: found, faults } = await events(
      `Channel,EventID,User\n${rows}\nSecurity,4688,"${'x\n'.repeat(9_000_000)}`,
    );
    expect(found).toHaveLength(150);
    expect(faults).toEqual([expect.stringMatching(/^cannot be read as CSV: /)]);
  });

  test('a table of something else is text, and rows without an event end after a thousand', async () => {
    expect((await events('name,age,town\nann,7,x\n')).events).toEqual([
      ['unrecognised', 1, 'name,age,town'],
      ['unrecognised', 2, 'ann,7,x'],
    ]);
    const { events: found, faults } = await events(`source,name,age\n${'x,y,1\n'.repeat(5_000)}`);
    expect(found).toHaveLength(1_000);
    expect(faults).toEqual([expect.stringContaining('holds no known event in its first 1000 lines')]);
  });

  test('however the bytes are cut, a pipe gives the same', async () => {
    const csv = `\ufeffLevel,Date and Time,Source,Event ID,Task Category\r\n${['Information', '1/2/2026 1:00:00 AM', 'Microsoft-Windows-Sysmon', '1', 'x', quoted(MESSAGE)].join()}\r\n`;
    const bytes = Buffer.from(csv);
    for (const size of [1, 3, 50, 64]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const input = { name: '-', size: undefined, open: () => Readable.from(chunks) as AsyncIterable<Buffer> };
      const texts: string[] = [];
      for await (const read of readInput(input, () => undefined)) {
        if ('records' in read) texts.push(...read.records.map(({ text }) => text.toString()));
      }
      expect(texts).toEqual([expect.stringContaining('"SourceName":"Microsoft-Windows-Sysmon"')]);
    }
  });
});
