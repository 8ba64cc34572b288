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
