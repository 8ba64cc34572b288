import { sourceOfText } from '../../../src/replay/recognise';

const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const SECURITY = 'Microsoft-Windows-Security-Auditing';

test.each([
  ['NXLog', 'sysmon', { Channel: SYSMON, SourceName: 'Microsoft-Windows-Sysmon' }],
  ['NXLog without channel', 'windows_security', { SourceName: SECURITY, EventID: 4688 }],
  ['another id of the channel', 'windows_security', { Channel: 'Security', SourceName: 'Microsoft-Windows-Eventlog' }],
  ['Winlogbeat 8', 'sysmon', { winlog: { channel: SYSMON } }],
  ['Winlogbeat with dotted keys', 'sysmon', { 'winlog.channel': SYSMON }],
  ['a forwarded event', 'windows_security', { winlog: { channel: 'ForwardedEvents', provider_name: SECURITY } }],
  ['Winlogbeat 6', 'windows_security', { log_name: 'Security', source_name: SECURITY }],
  ['evtx_dump', 'sysmon', { Event: { System: { Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } } } } }],
  [
    'evtx_dump, attributes apart',
    'sysmon',
    { Event: { System: { Provider_attributes: { Name: 'Microsoft-Windows-Sysmon' } } } },
  ],
  ['evtx_dump, channel only', 'windows_security', { Event: { System: { Channel: 'Security' } } }],
  ['Falcon', 'crowdstrike', { event_simpleName: 'ProcessRollup2', aid: 'x' }],
  ['another event of Falcon', 'crowdstrike', { event_simpleName: 'DnsRequest', cid: 'x' }],
  [
    'ECS of an integration',
    'windows_security',
    { event: { module: 'system' }, data_stream: { dataset: 'system.security' } },
  ],
  ['ECS of CrowdStrike', 'crowdstrike', { event: { module: 'crowdstrike' } }],
  ['JSON in message', 'sysmon', { message: `{"Channel":"${SYSMON}"}` }],
  [
    'XML in event.original',
    'sysmon',
    { event: { original: `<Event><System><Channel>${SYSMON}</Channel></System></Event>` } },
  ],
  ['rendered text in message', 'windows_security', { message: 'LogName=Security\nEventCode=4688' }],
  ['another channel', 'unrecognised', { Channel: 'System', SourceName: 'Service Control Manager' }],
  ['a name of Falcon without sensor and customer', 'unrecognised', { event_simpleName: 'ProcessRollup2' }],
  ['a message that only mentions it', 'unrecognised', { message: `see ${SYSMON}` }],
  ['nothing', 'unrecognised', {}],
  ['a path that ends at a text, beside its dotted twin', 'unrecognised', { winlog: 'x', 'winlog.channel': 'Security' }],
  ['a channel of a collector', 'windows_security', { SourceName: SECURITY, Channel: 'WEC-Servers' }],
  [
    'a display name',
    'windows_security',
    { SourceName: 'Microsoft Windows security auditing.', Channel: 'ForwardedEvents' },
  ],
  ['a display name in French', 'windows_security', { ProviderName: 'Audit de sécurité Microsoft Windows.' }],
  ['a display name in German', 'windows_security', { ProviderName: 'Microsoft-Windows-Sicherheitsüberwachung.' }],
  ['a display name in Japanese', 'windows_security', { ProviderName: 'Microsoft Windows セキュリティ監査。' }],
  ['a name of another provider', 'unrecognised', { ProviderName: 'Microsoft-Windows-Kernel-General' }],
  [
    'a provider before its channel',
    'sysmon',
    { Channel: 'Security', winlog: { provider_name: 'Microsoft-Windows-Sysmon' } },
  ],
  ['Wazuh', 'sysmon', { data: { win: { system: { providerName: 'Microsoft-Windows-Sysmon' } } } }],
  ['OpenTelemetry', 'windows_security', { body: { provider: { name: SECURITY } } }],
  ['OpenTelemetry in Elastic', 'sysmon', { body: { structured: { channel: SYSMON } } }],
  ['GELF', 'windows_security', { _SourceName: SECURITY }],
  ['Graylog', 'sysmon', { winlogbeat_winlog_channel: SYSMON }],
  ['Telegraf', 'sysmon', { fields: { Source: 'Microsoft-Windows-Sysmon' }, tags: {} }],
  ['Grafana Alloy', 'sysmon', { source: 'Microsoft-Windows-Sysmon', event_id: 1 }],
  ['Microsoft Sentinel', 'windows_security', { EventSourceName: SECURITY, EventID: 4688 }],
  ['Velociraptor', 'sysmon', { System: { Provider: { Name: 'Microsoft-Windows-Sysmon' } } }],
  ['LogScale', 'crowdstrike', { '#event_simpleName': 'ProcessRollup2', '#cid': 'x' }],
  ['Falcon below event', 'crowdstrike', { event: { event_simpleName: 'ProcessRollup2' } }],
  ['Falcon below crowdstrike, dotted', 'crowdstrike', { 'crowdstrike.event_simpleName': 'ProcessRollup2' }],
  ['XML in body', 'sysmon', { body: `<Event><System><Channel>${SYSMON}</Channel></System></Event>` }],
  ['a topic called security', 'unrecognised', { source: 'security', message: 'x' }],
  ['wrong types', 'unrecognised', { Channel: 7, winlog: 'x', Event: [], message: null }],
])('recognition of a source: %s is %s', (_, source, document) => {
  expect(sourceOfText(JSON.stringify(document))).toBe(source);
});

test.each([
  ['sysmon', "<Event xmlns='x'><System><Provider Guid='{1}' Name='Microsoft-Windows-Sysmon'/></System></Event>"],
  ['windows_security', '<Event>\n <System>\n  <Provider Name="x"/><Channel>\n Security </Channel></System></Event>'],
  [
    'unrecognised',
    `<Event><System><Channel>System</Channel></System><EventData><Channel>Security</Channel></EventData></Event>`,
  ],
  [
    'windows_security',
    '09/15/2020 11:48:27 PM\r\nLogName=Security\r\nSourceName=Microsoft Windows security auditing.\r\n',
  ],
  ['unrecognised', 'LogName=Application\nMessage=see\nSecurity'],
  ['unrecognised', '{"Channel":"Security"'],
])('recognition of a source: %s: %j', (source, text) => {
  expect(sourceOfText(text)).toBe(source);
});
