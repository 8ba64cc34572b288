/*
 * One Sysmon 1 and one Security 4688 event of our own, in every shape in which they reach a cluster. All names are invented.
 */
type Document = Record<string, unknown>;

export const SYSMON_DATA: Readonly<Record<string, string>> = {
  RuleName: '-',
  UtcTime: '2025-03-10 09:14:31.207',
  ProcessGuid: '{7C0A3B52-1F4E-67CE-A803-000000002B00}',
  ProcessId: '7312',
  Image: 'C:\\Windows\\System32\\wbem\\WMIC.exe',
  FileVersion: '10.0.19041.1 (WinBuild.160101.0800)',
  Description: 'WMI Commandline Utility',
  Product: 'Microsoft® Windows® Operating System',
  Company: 'Microsoft Corporation',
  OriginalFileName: 'wmic.exe',
  CommandLine: '"C:\\Windows\\System32\\wbem\\WMIC.exe" /node:"FS 01" process call create "cmd.exe /c whoami"',
  CurrentDirectory: 'C:\\Users\\mira\\',
  User: 'LAB\\mira',
  LogonGuid: '{7C0A3B52-0A11-67CE-9D5E-0A0000000000}',
  LogonId: '0xa5e9d',
  TerminalSessionId: '1',
  IntegrityLevel: 'Medium',
  Hashes:
    'MD5=0C1F5A0C6E1B4D7C9A3E2F1B5D6C7A80,SHA256=4B2D1E0F9A8C7B6D5E4F3A2B1C0D9E8F7A6B5C4D3E2F1A0B9C8D7E6F5A4B3C2D,IMPHASH=00000000000000000000000000000000',
  ParentProcessGuid: '{7C0A3B52-1F20-67CE-9903-000000002B00}',
  ParentProcessId: '6120',
  ParentImage: 'C:\\Windows\\System32\\cmd.exe',
  ParentCommandLine: '"C:\\Windows\\system32\\cmd.exe" ',
};

export const SECURITY_DATA: Readonly<Record<string, string>> = {
  SubjectUserSid: 'S-1-5-20',
  SubjectUserName: 'WS07$',
  SubjectDomainName: 'LAB',
  SubjectLogonId: '0x3e4',
  NewProcessId: '0x1c90',
  NewProcessName: 'C:\\Windows\\System32\\notepad.exe',
  TokenElevationType: '%%1936',
  ProcessId: '0xbd4',
  CommandLine: 'notepad.exe  C:\\notes.txt ',
  TargetUserSid: 'S-1-0-0',
  TargetUserName: 'mira',
  TargetDomainName: 'LAB',
  TargetLogonId: '0xa5e9d',
  ParentProcessName: 'C:\\Windows\\System32\\wbem\\WmiPrvSE.exe',
  MandatoryLabel: 'S-1-16-8192',
};

export interface Header {
  readonly channel: string;
  readonly provider: string;
  readonly guid: string;
  readonly id: number;
  readonly version: number;
  readonly task: string;
  readonly keywords: string;
  readonly time: string;
  readonly record: number;
  readonly level: number;
}

const COMPUTER = 'WS07.lab.example';

export const SYSMON: Header = {
  channel: 'Microsoft-Windows-Sysmon/Operational',
  provider: 'Microsoft-Windows-Sysmon',
  guid: '{5770385F-C22A-43E0-BF4C-06F5698FFBD9}',
  id: 1,
  version: 5,
  task: 'Process Create (rule: ProcessCreate)',
  keywords: '0x8000000000000000',
  time: '2025-03-10T09:14:31.2151234Z',
  record: 48211,
  level: 4,
};

export const SECURITY: Header = {
  channel: 'Security',
  provider: 'Microsoft-Windows-Security-Auditing',
  guid: '{54849625-5478-4994-A5BA-3E3B0328C30D}',
  id: 4688,
  version: 2,
  task: 'Process Creation',
  keywords: '0x8020000000000000',
  time: '2025-03-10T09:14:31.2207710Z',
  record: 903114,
  level: 0,
};

type Data = Readonly<Record<string, unknown>>;

/** As Winlogbeat 7 to 9 and Elastic Agent send it. */
export function winlogbeat(header: Header, data: Data): Document {
  return {
    '@timestamp': header.time.replace(/(\.\d{3})\d*Z/, '$1Z'),
    agent: { id: '4f1c', name: 'WS07', type: 'winlogbeat', version: '8.19.0' },
    ecs: { version: '8.0.0' },
    event: {
      action: header.task,
      code: String(header.id),
      created: '2025-03-10T09:14:32.500Z',
      kind: 'event',
      provider: header.provider,
    },
    host: { name: 'ws07.lab.example' },
    log: { level: 'information' },
    message: header.task,
    winlog: {
      api: 'wineventlog',
      channel: header.channel,
      computer_name: COMPUTER,
      event_data: { ...data },
      event_id: String(header.id),
      keywords: header.id === 4688 ? ['Audit Success'] : undefined,
      opcode: 'Info',
      process: { pid: 2964, thread: { id: 3880 } },
      provider_guid: header.guid,
      provider_name: header.provider,
      record_id: header.record,
      task: header.task,
      user: header.id === 1 ? { identifier: 'S-1-5-18' } : undefined,
      version: header.version,
    },
  };
}

/** As Winlogbeat 6 sends it, from a collector. */
export function winlogbeat6(header: Header, data: Data): Document {
  return {
    '@timestamp': header.time.replace(/(\.\d{3})\d*Z/, '$1Z'),
    beat: { name: 'COLLECTOR', hostname: 'COLLECTOR', version: '6.8.0' },
    host: { name: 'COLLECTOR' },
    computer_name: COMPUTER,
    event_data: { ...data },
    event_id: header.id,
    level: 'Information',
    log_name: header.channel,
    message: header.task,
    opcode: 'Info',
    process_id: 2964,
    provider_guid: header.guid,
    record_number: String(header.record),
    source_name: header.provider,
    task: header.task,
    thread_id: 3880,
    type: 'wineventlog',
    version: header.version,
  };
}

/** As NXLog's to_json() prints it; it has no offset, and names the logging service's pid like the event's. */
export function nxlog(header: Header, data: Data): Document {
  return {
    EventTime: header.time.replace('T', ' ').replace(/\.\d+Z$/, ''),
    Hostname: COMPUTER,
    Keywords: -9187343239835812000,
    EventType: header.id === 4688 ? 'AUDIT_SUCCESS' : 'INFO',
    SeverityValue: 2,
    Severity: 'INFO',
    EventID: header.id,
    SourceName: header.provider,
    ProviderGuid: header.guid,
    Version: header.version,
    Task: 1,
    OpcodeValue: 0,
    RecordNumber: header.record,
    ProcessID: 2964,
    ThreadID: 3880,
    Channel: header.channel,
    Category: header.task,
    Opcode: 'Info',
    ...data,
    EventReceivedTime: '2025-03-10 09:14:33',
    SourceModuleName: 'eventlog',
    SourceModuleType: 'im_msvistalog',
  };
}

/** The flat JSON of the OTRF data sets. */
export function otrf(header: Header, data: Data): Document {
  return {
    SourceName: header.provider,
    ProviderGuid: header.guid,
    Level: String(header.level),
    Keywords: header.keywords,
    Channel: header.channel,
    Hostname: COMPUTER,
    TimeCreated: header.time,
    '@timestamp': header.time,
    EventID: header.id,
    Message: header.task,
    Task: '1',
    ...data,
  };
}

/** As evtx_dump prints it, with `#attributes`; Chainsaw, which uses the same library, puts them beside the element. */
export function evtx(header: Header, data: Data, beside = false): Document {
  const attributes = (name: string, values: Document): Document =>
    beside ? { [`${name}_attributes`]: values } : { [name]: { '#attributes': values } };
  const bare = (guid: string) => guid.replace(/[{}]/g, '');
  return {
    Event: {
      ...(beside ? {} : { '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' } }),
      System: {
        ...attributes('Provider', { Name: header.provider, Guid: bare(header.guid) }),
        EventID: header.id,
        Version: header.version,
        Level: header.level,
        Task: 1,
        Opcode: 0,
        Keywords: header.keywords,
        ...attributes('TimeCreated', { SystemTime: header.time }),
        EventRecordID: header.record,
        Correlation: null,
        ...attributes('Execution', { ProcessID: 2964, ThreadID: 3880 }),
        Channel: header.channel,
        Computer: COMPUTER,
        ...(header.id === 1 ? attributes('Security', { UserID: 'S-1-5-18' }) : { Security: null }),
      },
      EventData: Object.fromEntries(
        Object.entries(data).map(([name, value]) => [
          name,
          /^\d+$/.test(String(value)) ? Number(value) : bare(String(value)),
        ]),
      ),
    },
  };
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Event XML; on one line with single quotes as Windows renders it, or pretty-printed with double ones. */
export function xml(header: Header, data: Data, pretty = false): string {
  const line = [
    `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>`,
    `<System>`,
    `<Provider Name='${header.provider}' Guid='${header.guid}'/>`,
    `<EventID>${header.id}</EventID>`,
    `<Version>${header.version}</Version>`,
    `<Level>${header.level}</Level>`,
    `<Task>1</Task>`,
    `<Opcode>0</Opcode>`,
    `<Keywords>${header.keywords}</Keywords>`,
    `<TimeCreated SystemTime='${header.time}'/>`,
    `<EventRecordID>${header.record}</EventRecordID>`,
    `<Correlation/>`,
    `<Execution ProcessID='2964' ThreadID='3880'/>`,
    `<Channel>${header.channel}</Channel>`,
    `<Computer>${COMPUTER}</Computer>`,
    header.id === 1 ? `<Security UserID='S-1-5-18'/>` : `<Security/>`,
    `</System>`,
    `<EventData>`,
    ...Object.entries(data).map(([name, value]) => `<Data Name='${name}'>${escaped(String(value))}</Data>`),
    `</EventData>`,
    `</Event>`,
  ];
  if (!pretty) return line.join('');
  return `<?xml version="1.0" encoding="utf-8"?>\n${line.join('\n  ').replaceAll("'", '"')}\n`;
}

/** Security 4688 as Splunk's Windows add-on renders it. */
export function rendered(data: Readonly<Record<string, string>>): string {
  const value = (name: string) => data[name] ?? '';
  return `03/10/2025 09:14:31 AM
LogName=Security
SourceName=Microsoft Windows security auditing.
EventCode=4688
EventType=0
Type=Information
ComputerName=${COMPUTER}
TaskCategory=Process Creation
OpCode=Info
RecordNumber=903114
Keywords=Audit Success
Message=A new process has been created.

Creator Subject:
\tSecurity ID:\t\tNT AUTHORITY\\NETWORK SERVICE
\tAccount Name:\t\t${value('SubjectUserName')}
\tAccount Domain:\t\t${value('SubjectDomainName')}
\tLogon ID:\t\t0x3E4

Target Subject:
\tSecurity ID:\t\tNULL SID
\tAccount Name:\t\t${value('TargetUserName')}
\tAccount Domain:\t\t${value('TargetDomainName')}
\tLogon ID:\t\t0xA5E9D

Process Information:
\tNew Process ID:\t\t${value('NewProcessId')}
\tNew Process Name:\t${value('NewProcessName')}
\tToken Elevation Type:\t%%1936
\tMandatory Label:\t\tMandatory Label\\Medium Mandatory Level
\tCreator Process ID:\t${value('ProcessId')}
\tCreator Process Name:\t${value('ParentProcessName')}
\tProcess Command Line:\t${value('CommandLine')}

Token Elevation Type indicates the type of token that was assigned to the new process in accordance with User Account Control policy.
`;
}

/** A copy of event data or of a record without some of its fields. */
export function without<T>(data: Readonly<Record<string, T>>, ...names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)));
}
