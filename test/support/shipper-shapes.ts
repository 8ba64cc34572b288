import { escaped, nxlog, xml, type Header } from './windows-events';
import type { Json } from './mutate';

/** An event in the shapes of shippers other than Winlogbeat and NXLog, by name. */
export function shipperShapes(header: Header, data: Readonly<Record<string, string>>): Readonly<Record<string, Json>> {
  return {
    'Fluent Bit winevtlog': { ...fluentBit(header), StringInserts: positional(header, data) },
    'Fluentd windows_eventlog2': { ...fluentBit(header), EventData: positional(header, data) },
    Wazuh: wazuh(header, data),
    GELF: gelf(header, data),
    Graylog: graylog(header, data),
    OpenTelemetry: openTelemetry(header, data),
    'Grafana Alloy': alloy(header, data),
    Telegraf: telegraf(header, data),
    'Sentinel WindowsEvent': sentinel(header, JSON.stringify(data)),
    'Azure Event Hub': { records: [sentinel(header, JSON.stringify(data))] },
    Velociraptor: velociraptor(header, data),
    'NXLog JSON behind a syslog header': {
      message: `<14>Mar 10 09:14:31 WS07.lab.example ${JSON.stringify(nxlog(header, data))}`,
    },
    'event XML behind a syslog header': {
      message: `<14>1 2025-03-10T09:14:31.207Z WS07.lab.example evt - - - ${xml(header, data)}`,
    },
    'Splunk export': { preview: false, offset: 0, result: { _raw: xml(header, data) } },
  };
}

const COMPUTER = 'WS07.lab.example';

/** Values in the order of Windows' message template: that of the table of each event version, null for those that are absent. */
function positional({ id }: Header, data: Readonly<Record<string, string>>): string[] {
  return (id === 1 ? SYSMON_ORDER : SECURITY_ORDER).map((name) => data[name] ?? '-');
}

const SYSMON_ORDER =
  'RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser'.split(
    ' ',
  );

const SECURITY_ORDER =
  'SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId NewProcessId NewProcessName TokenElevationType ProcessId CommandLine TargetUserSid TargetUserName TargetDomainName TargetLogonId ParentProcessName MandatoryLabel'.split(
    ' ',
  );

function fluentBit(header: Header): Json {
  return {
    ProviderName: header.provider,
    ProviderGuid: header.guid,
    EventID: header.id,
    Version: header.version,
    Level: header.level,
    Keywords: header.keywords,
    TimeCreated: header.time,
    EventRecordID: header.record,
    ProcessID: 2964,
    ThreadID: 3880,
    Channel: header.channel,
    Computer: COMPUTER,
    Message: header.task,
  };
}

function wazuh(header: Header, data: Readonly<Record<string, string>>): Json {
  const system = {
    providerName: header.provider,
    eventID: String(header.id),
    version: String(header.version),
    systemTime: header.time,
    eventRecordID: String(header.record),
    processID: '2964',
    channel: header.channel,
    computer: COMPUTER,
  };
  const small = ([name, value]: [string, string]): [string, string] => [
    `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
    value.replaceAll('\\', '\\\\'),
  ];
  const eventdata = Object.fromEntries(Object.entries(data).map(small));
  return {
    timestamp: '2025-03-10T09:14:33.100+0000',
    rule: { level: 3, id: '61603' },
    agent: { id: '005', name: 'WS07' },
    manager: { name: 'wazuh' },
    decoder: { name: 'windows_eventchannel' },
    data: { win: { system, eventdata } },
  };
}

function gelf(header: Header, data: Readonly<Record<string, string>>): Json {
  const fields = Object.entries(nxlog(header, data)).map(([name, value]) => [`_${name}`, value] as const);
  return {
    version: '1.1',
    host: COMPUTER,
    short_message: header.task,
    timestamp: 1741598071.207,
    ...Object.fromEntries(fields),
  };
}

function graylog(header: Header, data: Readonly<Record<string, string>>): Json {
  return { source: COMPUTER, message: header.task, ...nxlog(header, data), timestamp: '2025-03-10 09:14:31.207' };
}

function openTelemetry(header: Header, data: Readonly<Record<string, string>>): Json {
  const structured = {
    channel: header.channel,
    computer: COMPUTER,
    event_id: { id: header.id, qualifiers: 0 },
    provider: { name: header.provider, guid: header.guid },
    event_data: data,
    record_id: header.record,
    system_time: header.time,
    message: header.task,
  };
  return { '@timestamp': '2025-03-10T09:14:32Z', body: { structured } };
}

function alloy(header: Header, data: Readonly<Record<string, string>>): Json {
  const items = Object.entries(data).map(([name, value]) => `<Data Name='${name}'>${escaped(value)}</Data>`);
  return {
    source: header.provider,
    channel: header.channel,
    computer: COMPUTER,
    event_id: header.id,
    version: header.version,
    level: header.level,
    timeCreated: header.time,
    eventRecordID: header.record,
    event_data: items.join(''),
  };
}

function telegraf(header: Header, data: Readonly<Record<string, string>>): Json {
  const fields = Object.fromEntries(Object.entries(data).map(([name, value]) => [`Data_${name}`, value]));
  const win_eventlog = {
    Source: header.provider,
    EventID: header.id,
    Version: header.version,
    Channel: header.channel,
    Computer: COMPUTER,
    EventRecordID: header.record,
    TimeCreated: header.time,
    Message: header.task,
    ...fields,
  };
  return { '@timestamp': '2025-03-10T09:14:31Z', measurement_name: 'win_eventlog', win_eventlog };
}

function sentinel(header: Header, EventData: string): Json {
  return {
    Provider: header.provider,
    Channel: header.channel,
    Computer: COMPUTER,
    TimeGenerated: header.time,
    EventID: header.id,
    Type: 'WindowsEvent',
    EventData,
  };
}

function velociraptor(header: Header, EventData: Readonly<Record<string, string>>): Json {
  return {
    EventTime: header.time,
    Computer: COMPUTER,
    Channel: header.channel,
    Provider: header.provider,
    EventID: header.id,
    EventRecordID: header.record,
    EventData,
    Message: header.task,
  };
}
