import { createGzip } from 'node:zlib';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { ProblemError } from '../../src/errors';
import { listInputs } from '../../src/replay/inputs';
import { readInput } from '../../src/replay/read';
import { alertsCsv } from '../../src/report/alerts-csv';
import { alertsTable } from '../../src/report/alerts-table';
import { at, testServer, type TestServer, type Source, runShipped } from '../support/test-server';
import * as event from '../support/windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from '../support/windows-events';

/* Events come from attackers. Whatever they hold stays text: nothing is executed, rendered or overwritten. */
let node: TestServer;
beforeAll(async () => {
  node = await testServer();
});

const ESC = '\u001b';
const HOSTILE: Readonly<Record<string, string>> = {
  'a terminal escape': `${ESC}]0;owned\u0007${ESC}[2J${ESC}[31m`,
  'the clipboard of a terminal': `${ESC}]52;c;cm0gLXJm\u0007\u009b31m`,
  'marks of direction': 'a\u202ecod.exe\u202c \u2066b\u2069 \u200b',
  'line separators': 'a\u2028b\u2029c\u0085d',
  HTML: '</script><script>alert(1)</script><img src=x onerror=alert(1)>',
  'a formula': "=cmd|' /C calc'!A0",
  mustache: '{{#toJson}}_source{{/toJson}} {{{_ingest.timestamp}}} {{ctx}} {{=<% %>=}}<%ctx%>',
  painless: `'); ctx.op = 'delete'; //" + params + " \${jndi:ldap://x}`,
  'query syntax': '*:* OR process.name:"*" ) ] } " \\" AND NOT',
};

describe.each(Object.entries(HOSTILE))('hostile events: %s', (_what, text) => {
  const CommandLine = `${text} wmic process call create ${text}`;
  const image = `C:\\x\\wmic.exe`;
  const sysmon = { ...SYSMON_DATA, Image: image, CommandLine, User: `LAB\\${text}`, ParentCommandLine: text };
  const security = { ...SECURITY_DATA, NewProcessName: image, CommandLine, SubjectUserName: text };
  const fdr = { event_simpleName: 'ProcessRollup2', event_platform: 'Win', aid: 'a', timestamp: '1741598071719' };
  // A Windows event log holds no control characters but these in XML 1.0, so no shape of XML here.
  const sent: readonly (readonly [Source, Record<string, unknown>])[] = [
    ['sysmon', event.winlogbeat(SYSMON, sysmon)],
    ['sysmon', { message: JSON.stringify(event.nxlog(SYSMON, sysmon)) }],
    ['security', event.winlogbeat6(SECURITY, security)],
    ['crowdstrike', { ...fdr, RawProcessId: '7', ImageFileName: '\\Device\\wmic.exe', CommandLine, UserName: text }],
  ];

  test('is text in the event, in the alert, in the table and in CSV', async () => {
    const here = await testServer();
    for (const [source, document] of sent) {
      const indexed = await here.index(source, document);
      expect([at(indexed, 'process.command_line'), at(indexed, 'event.kind')]).toEqual([CommandLine, 'event']);
    }
    const found = await runShipped(here);
    expect(new Set(found.map((alert) => at(alert, 'process.command_line')))).toEqual(new Set([CommandLine]));
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(found.some((alert) => String(at(alert, 'message')).includes(CommandLine))).toBe(true);

    const table = alertsTable(found, 2_000).replaceAll('\n', '');
    expect(table).toMatch(/wmic process call create/i);
    expect(table).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    for (const cell of alertsCsv(found).split(/,|\r\n/)) expect(cell).not.toMatch(/^"?[=+\-@\t]/);
  });
});

describe('hostile events: XML made to do harm ends in time', () => {
  const xml = event.xml(SYSMON, SYSMON_DATA);
  const bomb = Array.from({ length: 30 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`).join(
    '',
  );
  const doctype = `<!DOCTYPE b [<!ENTITY l0 "ha"><!ENTITY file SYSTEM "file:///etc/passwd">${bomb}]>`;
  const inLine = (line: string): string =>
    event.xml(SYSMON, SYSMON_DATA).replace(/(Name=.CommandLine.>)[^<]*/, `$1${line}`);

  test.each([
    ['a document type of entities in entities', doctype + xml],
    ['the same, used', doctype + inLine('&l30; &file; wmic process call create x')],
    ['a million references', inLine('&amp;'.repeat(1_000_000))],
    ['references that are none', inLine('&#x110000;&#;&#x;&'.repeat(10_000))],
    ['a hundred thousand elements within each other', xml.replace('</System>', `${'<a>'.repeat(100_000)}</System>`)],
    ['a hundred thousand attributes', xml.replace('<System>', `<System ${'a="b" '.repeat(100_000)}>`)],
    ['comments and CDATA without end', `${xml.slice(0, 60)}${'<!--<![CDATA['.repeat(50_000)}`],
    ['a name without end', `<Event><System><EventID>1</EventID><${'a'.repeat(1_000_000)}`],
    ['quotes without end', `<Event ${'"\''.repeat(100_000)}`],
  ])('%s', async (_what, message) => {
    const document = await node.index('sysmon', { message });
    const text = JSON.stringify(document);
    expect(text).not.toContain('root:');
    // Nothing grew: the event is there once as read, and at most once more as it came.
    expect(text.length).toBeLessThan(JSON.stringify(message).length * 3 + 10_000);
  });
});

describe('hostile events: an archive made to do harm', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wmi-detections-hostile-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function read(path: string): Promise<{ records: string[][]; problems: string[] }> {
    const records: string[][] = [];
    const problems: string[] = [];
    for (const input of listInputs([path])) {
      for await (const each of readInput(input, () => undefined)) {
        if ('problem' in each)
          problems.push(new ProblemError('INPUT', [each.problem]).message.replaceAll(`${folder}/`, ''));
        else
          for (const { text, fault } of each.records) {
            records.push([
              each.file.replace(`${folder}/`, ''),
              text.toString(),
              ...(fault === undefined ? [] : [fault]),
            ]);
          }
      }
    }
    return { records, problems };
  }

  test('paths that lead out of it and links are names only; nothing is written', async () => {
    const archive = pack();
    archive.entry({ name: '../../../outside.json' }, '{"a":1}');
    archive.entry({ name: '/etc/absolute.json' }, '{"b":2}');
    for (const type of ['symlink', 'link'] as const)
      archive.entry({ name: 'passwd.json', type, linkname: '/etc/passwd' });
    for (const type of ['character-device', 'block-device', 'fifo'] as const) archive.entry({ name: 'device', type });
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    writeFileSync(join(folder, 'a.tar'), Buffer.concat(chunks));
    expect(await read(join(folder, 'a.tar'))).toEqual({
      records: [
        ['a.tar/../../../outside.json', '{"a":1}'],
        ['a.tar//etc/absolute.json', '{"b":2}'],
      ],
      problems: [],
    });
    expect(readdirSync(folder)).toEqual(['a.tar']);
  });

  test('a small file that unpacks to 300 MB of one line is passed over, and what follows it is read', async () => {
    const gzip = createGzip();
    const chunks: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
    const block = Buffer.alloc(1_000_000, 'a');
    gzip.write('{"a":"');
    for (let megabyte = 0; megabyte < 300; megabyte += 1) if (!gzip.write(block)) await once(gzip, 'drain');
    gzip.end('"}\n{"after":1}\n');
    await once(gzip, 'end');
    writeFileSync(join(folder, 'bomb.gz'), Buffer.concat(chunks));
    expect(await read(join(folder, 'bomb.gz'))).toMatchInlineSnapshot(`
     {
       "problems": [],
       "records": [
         [
           "bomb.gz",
           "",
           "is longer than 16 MiB and was left out",
         ],
         [
           "bomb.gz",
           "{"after":1}",
         ],
       ],
     }
    `);
  });

  test('a line of 10 MB is an event like any other', async () => {
    const line = JSON.stringify(event.winlogbeat(SYSMON, { ...SYSMON_DATA, CommandLine: 'x'.repeat(10_000_000) }));
    writeFileSync(join(folder, 'long.json'), `${line}\n`);
    const { records, problems } = await read(join(folder, 'long.json'));
    expect([records.map(([, text]) => text === line), problems]).toEqual([[true], []]);
    expect((await node.ship('sysmon', [line])).map(({ status }) => status)).toEqual([201]);
  });
});
