import type { JsonRecord } from '../../src/json';
import { evtx, nxlog, SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA, winlogbeat, xml } from './windows-events';
import { zip } from './zip';

/** One event, and what the exports of tools are made of. */
interface Exported {
  readonly header: typeof SYSMON;
  readonly data: Readonly<Record<string, string>>;
  /** As Windows renders it in English. */
  readonly message: string;
}

const SECURITY_SECTIONS: readonly (readonly [
  title: string,
  lines: readonly (readonly [label: string, field: string])[],
])[] = [
  ['Creator Subject', subject('Subject')],
  ['Target Subject', subject('Target')],
  [
    'Process Information',
    [
      ['New Process ID', 'NewProcessId'],
      ['New Process Name', 'NewProcessName'],
      ['Token Elevation Type', 'TokenElevationType'],
      ['Mandatory Label', 'MandatoryLabel'],
      ['Creator Process ID', 'ProcessId'],
      ['Creator Process Name', 'ParentProcessName'],
      ['Process Command Line', 'CommandLine'],
    ],
  ],
];

function subject(who: string): readonly (readonly [string, string])[] {
  return [
    ['Security ID', `${who}UserSid`],
    ['Account Name', `${who}UserName`],
    ['Account Domain', `${who}DomainName`],
    ['Logon ID', `${who}LogonId`],
  ];
}

function securityMessage(data: Readonly<Record<string, string>>): string {
  const sections = SECURITY_SECTIONS.map(([title, lines]) =>
    [`${title}:`, ...lines.map(([label, field]) => `\t${label}:\t\t${data[field] ?? ''}`)].join('\r\n'),
  );
  return ['A new process has been created.', ...sections, 'Token Elevation Type indicates the type of token.'].join(
    '\r\n\r\n',
  );
}

function sysmonMessage(data: Readonly<Record<string, string>>): string {
  return ['Process Create:', ...Object.entries(data).map(([name, value]) => `${name}: ${value}`)].join('\r\n');
}

/** The same event of each source, by the letter of its kind. */
export const EXPORTED: Readonly<Record<'sysmon' | 'windows_security', Exported>> = {
  sysmon: { header: SYSMON, data: SYSMON_DATA, message: sysmonMessage(SYSMON_DATA) },
  windows_security: { header: SECURITY, data: SECURITY_DATA, message: securityMessage(SECURITY_DATA) },
};

const COMPUTER = 'WS07.lab.example';
const quoted = (text: unknown): string => `"${String(text).replaceAll('"', '""')}"`;
const csv = (row: JsonRecord, delimiter = ','): string =>
  `${Object.keys(row).map(quoted).join(delimiter)}\r\n${Object.values(row).map(quoted).join(delimiter)}\r\n`;

/** A file of one event, as each tool writes it after its maker's documentation. */
export const TOOL_FILES: Readonly<Record<string, (event: Exported) => string | Buffer>> = {
  'Splunk, export as JSON': ({ header, data }) =>
    JSON.stringify({ preview: false, result: { _raw: xml(header, data), host: 'x' } }),
  'Splunk, REST': ({ header, data }) => JSON.stringify({ results: [{ _raw: xml(header, data) }] }, null, 2),
  'Splunk, CSV': ({ header, data }) =>
    csv({ _serial: 0, source: 'x', sourcetype: 'XmlWinEventLog', _raw: xml(header, data) }),
  'Splunk, HTTP Event Collector': ({ header, data }) =>
    JSON.stringify({ time: 1.5, sourcetype: 'x', event: nxlog(header, data) }),
  Cribl: ({ header, data }) => JSON.stringify({ _raw: xml(header, data), _time: 1.5, cribl_pipe: 'x' }),
  'Chainsaw, hunt': ({ header, data }) =>
    JSON.stringify(
      [{ group: 'Sigma', kind: 'individual', document: { kind: 'evtx', data: evtx(header, data) } }],
      null,
      2,
    ),
  'evtx_dump, default': ({ header, data }) =>
    `Record 1\n<?xml version="1.0" encoding="utf-8"?>\n${xml(header, data)}\n\n`,
  'EvtxECmd, JSON': (event) => `\ufeff${JSON.stringify(evtxECmd(event))}\r\n`,
  'EvtxECmd, CSV': (event) => `\ufeff${csv(evtxECmd(event))}`,
  'wevtutil, text': (event) => wevtutil(event),
  'wevtutil, text in UTF-16': (event) => Buffer.from(`\ufeff${wevtutil(event)}`, 'utf16le'),
  'Event Viewer, CSV': (event) => `\ufeff${eventViewer(event, ',')}`,
  'Event Viewer, text in UTF-16': (event) => Buffer.from(`\ufeff${eventViewer(event, '\t')}`, 'utf16le'),
  'Get-WinEvent, JSON in UTF-16': (event) =>
    Buffer.from(`\ufeff${JSON.stringify([getWinEvent(event)], null, 4)}`, 'utf16le'),
  'Get-WinEvent, CSV': (event) =>
    `#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n${csv(getWinEvent(event))}`,
  'Microsoft Sentinel, CSV': ({ header, data }) =>
    csv({
      'TimeGenerated [UTC]': '3/10/2025, 9:14:31.215 AM',
      Provider: header.provider,
      Channel: header.channel,
      Computer: COMPUTER,
      EventID: header.id,
      EventData: JSON.stringify(data),
      Task: '',
    }),
  'Kibana, hits with fields': ({ header, data }) =>
    JSON.stringify(
      { hits: { hits: [{ _index: 'winlogbeat', _id: '1', fields: fieldsOf(winlogbeat(header, data)) }] } },
      null,
      2,
    ),
  'Kibana, CSV': ({ header, data }) =>
    csv(
      Object.fromEntries(Object.entries(fieldsOf(winlogbeat(header, data))).map(([name, values]) => [name, values[0]])),
    ),
  'OpenTelemetry, file exporter': (event) =>
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [otlp(event)] }] }] }),
  zip: ({ header, data }) => zip([{ name: 'logs/events.xml', content: xml(header, data) }]),
};

function evtxECmd({ header, data }: Exported): Record<string, unknown> {
  const list = Object.entries(data).map(([name, value]) => ({ '@Name': name, '#text': value }));
  return {
    PayloadData1: 'x',
    UserName: 'LAB\\x',
    ProcessId: 2964,
    Computer: COMPUTER,
    Channel: header.channel,
    Provider: header.provider,
    EventId: header.id,
    EventRecordId: String(header.record),
    TimeCreated: header.time,
    Payload: JSON.stringify({ EventData: { Data: list } }),
  };
}

function wevtutil({ header, message }: Exported): string {
  const lines = [
    `  Log Name: ${header.channel}`,
    `  Source: ${header.provider}`,
    '  Date: 2025-03-10T09:14:31.215',
    `  Event ID: ${header.id}`,
    `  Task: ${header.task}`,
    ...['  Level: Information', '  Opcode: Info', '  Keyword: N/A', '  User: N/A', '  User Name: N/A'],
    `  Computer: ${COMPUTER}`,
    '  Description: ',
  ];
  return ['Event[0]:', ...lines, message, ''].join('\r\n');
}

function eventViewer({ header, message }: Exported, delimiter: string): string {
  const row = ['Information', '3/10/2025 9:14:31 AM', header.provider, header.id, header.task, message].map(quoted);
  return `${['Level', 'Date and Time', 'Source', 'Event ID', 'Task Category'].join(delimiter)}\r\n${row.join(delimiter)}\r\n`;
}

function getWinEvent({ header, message }: Exported): Record<string, unknown> {
  const { id, provider, channel } = header;
  const TimeCreated = `/Date(${Date.parse(header.time)})/`;
  return {
    Id: id,
    Version: header.version,
    ProviderName: provider,
    LogName: channel,
    MachineName: COMPUTER,
    TimeCreated,
    Message: message,
  };
}

function fieldsOf(document: JsonRecord, prefix = ''): Record<string, readonly unknown[]> {
  const entries = Object.entries(document).filter(([, value]) => value !== undefined);
  return Object.assign(
    {},
    ...entries.map(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? fieldsOf(value as Record<string, unknown>, `${prefix}${name}.`)
        : { [prefix + name]: Array.isArray(value) ? (value as unknown[]) : [value] },
    ),
  ) as Record<string, readonly unknown[]>;
}

function otlp({ header, data }: Exported): unknown {
  const list = (values: JsonRecord): unknown => ({
    kvlistValue: { values: Object.entries(values).map(([key, value]) => ({ key, value })) },
  });
  const text = (stringValue: string): unknown => ({ stringValue });
  const body = list({
    channel: text(header.channel),
    computer: text(COMPUTER),
    event_id: list({ id: { intValue: String(header.id) } }),
    provider: list({ name: text(header.provider) }),
    system_time: text(header.time),
    event_data: list(Object.fromEntries(Object.entries(data).map(([name, value]) => [name, text(value)]))),
  });
  return { timeUnixNano: `${Date.parse(header.time)}000000`, body };
}
