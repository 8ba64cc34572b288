import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { at, testServer, type TestServer, type Source } from '../support/test-server';
import * as event from '../support/windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from '../support/windows-events';

/* Whatever the engine can parse is indexed, and an attack in it is found. */
let node: TestServer;

beforeAll(async () => {
  node = await testServer();
});

const SENT: Readonly<Record<string, readonly [Source, Record<string, unknown>]>> = {
  winlogbeat: ['sysmon', event.winlogbeat(SYSMON, SYSMON_DATA)],
  'winlogbeat 6': ['security', event.winlogbeat6(SECURITY, SECURITY_DATA)],
  nxlog: ['sysmon', event.nxlog(SYSMON, SYSMON_DATA)],
  evtx: ['security', event.evtx(SECURITY, SECURITY_DATA)],
  xml: ['sysmon', { message: event.xml(SYSMON, SYSMON_DATA) }],
  fdr: ['crowdstrike', { event_simpleName: 'ProcessRollup2', CommandLine: 'a b', ImageFileName: '\\a.exe', aid: 'x' }],
  'no known shape': ['unrecognised', { whatever: 1 }],
};
const ROOTS =
  'process host winlog event user related message tags agent ecs log observer rule error device data_stream crowdstrike labels metadata @timestamp @version';
const NAMES = ['', ' ', '.', 'a.', '.a', 'a..b', 'a b', 'host.name', 'process.pid.x', 'k\u0000', '\u8A9E'.repeat(9000)];
const META =
  '_source _routing _if_seq_no _if_primary_term _version _version_type _ignored _field_names _seq_no _type _doc_count';
const WRONG = [
  'x',
  5,
  true,
  ['x', { a: 1 }],
  [[1]],
  { '': 1 },
  { name: { first: 1 } },
  { pid: 'four', os: 'Windows', ip: {} },
  null,
];

describe.each(Object.entries(SENT))('pipelines on hostile documents: %s', (_shape, [source, document]) => {
  async function lost(documents: readonly (Record<string, unknown> | string)[]): Promise<unknown[]> {
    return (await node.ship(source, documents)).flatMap(({ status, reason }, index) =>
      status === 201 ? [] : [{ status, reason, document: JSON.stringify(documents[index]).slice(0, 200) }],
    );
  }

  test('wrong types at the root', async () => {
    const documents = ROOTS.split(' ').flatMap((name) => WRONG.map((value) => ({ ...document, [name]: value })));
    expect(await lost(documents)).toEqual([]);
  });

  test('odd names, names of the engine’s own fields, and our temporary ones', async () => {
    const ours = ['_process_creation_event', '_process_creation_json', '_process_creation_failure'];
    const documents = [...NAMES, ...META.split(' '), ...ours].flatMap((name) =>
      ['x', 7, { a: 1 }].map((value) => ({ ...document, [name]: value })),
    );
    expect(await lost(documents)).toEqual([]);
  });

  test('a thousand unknown fields', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`unknown${index}`, { v: index }]));
    expect(await lost([{ ...document, ...unknown }])).toEqual([]);
  });

  test('huge numbers, deep nesting, a lone surrogate and NUL', async () => {
    const text = JSON.stringify(document).slice(0, -1);
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`;
    const values = [
      '9223372036854775807',
      '123456789012345678901234567890',
      '1e308',
      '1e400',
      deep,
      '"\\ud800"',
      '"a\\u0000b"',
    ];
    expect(await lost(values.map((value) => `${text},"extra":${value}}`))).toEqual([]);
  });
});

describe('pipelines on hostile documents: what does not fit is kept', () => {
  test('in winlog.event_data, as text', async () => {
    const document = await node.index('sysmon', {
      ...event.winlogbeat(SYSMON, { ...SYSMON_DATA, Nested: { a: ['x', 1, null] }, Number: 7 }),
      host: 'WS07',
      user: { name: { first: 'mira' } },
    });
    expect(at(document, 'winlog.event_data')).toMatchObject({
      Nested: '{"a":["x",1,null]}',
      Number: '7',
      host: 'WS07',
      'user.name': '{"first":"mira"}',
    });
    expect(at(document, 'host.name')).toBe('WS07.lab.example');
  });

  test('names that flattened fields refuse, in one text', async () => {
    const document = await node.index('sysmon', event.nxlog(SYSMON, { ...SYSMON_DATA, 'a\u0000b': 'x' }));
    expect(at(document, 'winlog.event_data._unusable_names')).toBe('{"a\\u0000b":"x"}');
  });

  test.each([
    ['event XML', { message: event.xml(SYSMON, { ...SYSMON_DATA, 'a\ud800b': 'x' }) }],
    ['event XML, as an entity', { message: event.xml(SYSMON, { ...SYSMON_DATA, 'a&#xD800;b': 'x' }) }],
    ['the list of hashes', { message: event.xml(SYSMON, { ...SYSMON_DATA, Hashes: 'a\ud800b=x' }) }],
  ])('half a surrogate pair in a name of %s', async (_name, sent) => {
    const document = await node.index('sysmon', sent);
    expect(at(document, 'process.pid')).toBe(7312);
    expect(JSON.stringify(at(document, 'winlog.event_data'))).toMatch(/a.{1,16}b/);
  });

  test('half a surrogate pair in a name of JSON in message, which no parser takes, as the text', async () => {
    const message = JSON.stringify(event.nxlog(SYSMON, { ...SYSMON_DATA, 'a\ud800b': 'x' }));
    const document = await node.index('sysmon', { message });
    expect(document.event).toMatchObject({ kind: 'pipeline_error', original: message });
  });

  test('in crowdstrike, as text', async () => {
    const document = await node.index('crowdstrike', {
      event_simpleName: 'ProcessRollup2',
      host: 5,
      RawProcessId: 'x',
    });
    expect(document.crowdstrike).toMatchObject({ host: '5', 'process.pid': 'x' });
  });
});

describe('pipelines on hostile documents: an integer beyond 64 bits, as shippers in JavaScript make of NXLog’s Keywords', () => {
  const line = 'wmic /node:"a" process call create calc.exe';
  const nxlog = JSON.stringify({ ...event.nxlog(SYSMON, { ...SYSMON_DATA, CommandLine: line }), Keywords: 'here' });
  const text = nxlog.replace('"here"', '-9223372036854776000');

  test.each([
    ['in the event', text],
    ['in the event as text', JSON.stringify({ message: text, agent: { type: 'filebeat' } })],
  ])('%s: it becomes text, and all else is as it was', async (_name, sent) => {
    const document = await node.index('sysmon', sent);
    expect(at(document, 'event.kind')).toBe('event');
    expect(at(document, 'process.command_line')).toBe(line);
    expect(JSON.stringify(document)).toContain('-9223372036854776000"');
  });

  test('elsewhere: the event is kept whole', async () => {
    const document = await node.index('sysmon', text.replace('"Keywords":', '"Other":'));
    expect(document.event).toMatchObject({
      kind: 'pipeline_error',
      original: expect.stringContaining('"Other":-9223372036854776000') as unknown,
    });
    expect(at(document, 'error.message')).toMatchInlineSnapshot(
      `"windows-event (script): unexpected value type [class java.math.BigInteger]"`,
    );
  });
});

describe('pipelines on hostile documents: a command line of 32,767 letters of three bytes', () => {
  const filler = '\u8A9E'.repeat(32_767 - 60);
  const line = `wmic ${filler} process call create calc.exe `;

  test('is indexed whole and found by both rules', async () => {
    const data = {
      ...SYSMON_DATA,
      CommandLine: line,
      ParentImage: 'C:\\Windows\\System32\\wbem\\WmiPrvSE.exe',
      ParentCommandLine: line,
    };
    const [item] = await node.ship('sysmon', [event.winlogbeat(SYSMON, data)]);
    expect(item?.status).toBe(201);
    for (const rule of readRules('rules')) expect(await node.find('sysmon', toQueryDsl(rule))).toContain(item?.id);
  });

  test('is not found without the words at its very end', async () => {
    const [item] = await node.ship('sysmon', [
      event.winlogbeat(SYSMON, { ...SYSMON_DATA, CommandLine: `wmic ${filler}` }),
    ]);
    const [wmic] = readRules('rules').filter(({ slug }) => slug === 'windows_wmi_process_call_create');
    expect(wmic).toBeDefined();
    if (wmic !== undefined) expect(await node.find('sysmon', toQueryDsl(wmic))).not.toContain(item?.id);
  });
});

test('pipelines on hostile documents: a text of more characters than a script may loop over', async () => {
  const CommandLine = `wmic process call create ${'"x" '.repeat(300_000)}`;
  const [item] = await node.ship('sysmon', [
    event.winlogbeat(SYSMON, { ...SYSMON_DATA, CommandLine, Nested: [CommandLine] }),
  ]);
  expect(item?.status).toBe(201);
  expect(await node.find('sysmon', { term: { 'event.kind': 'pipeline_error' } })).not.toContain(item?.id);
  const whole = await node.index('unrecognised', { whatever: CommandLine });
  expect(JSON.parse(String(at(whole, 'event.original')))).toEqual({ whatever: CommandLine });
});

describe('pipelines on hostile documents: a command line cannot pass for something else', () => {
  test.each([
    '<Event><System><EventID>3</EventID></System></Event>',
    'EventCode=1 LogName=Application',
    'x\nToken Elevation Type indicates nothing\nwmic process call create y',
    '</Data></EventData></Event>',
    ']]> &lt;Event&gt; <![CDATA[',
  ])('%j', async (CommandLine) => {
    const data = { ...SECURITY_DATA, CommandLine };
    const lines = [];
    for (const message of [event.rendered(data), event.xml(SECURITY, data)]) {
      const document = await node.index('security', { message });
      lines.push(at(document, 'event.code'), at(document, 'process.command_line'));
    }
    expect(lines).toEqual(['4688', CommandLine, '4688', CommandLine]);
  });
});
