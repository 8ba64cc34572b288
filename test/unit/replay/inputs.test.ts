import fs, { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { ProblemError } from '../../../src/errors';
import { fileKind } from '../../../src/replay/file-kind';
import { listInputs } from '../../../src/replay/inputs';
import { readInput } from '../../../src/replay/read';
import { zip } from '../../support/zip';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wmi-detections-inputs-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a file below the test's folder. @returns its path */
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** The message of the refusal, the test's folder left out. */
function refusal(paths: readonly string[]): string {
  try {
    listInputs(paths);
  } catch (error) {
    if (error instanceof ProblemError) return `${error.code} ${error.message.replaceAll(`${folder}/`, '')}`;
    throw error;
  }
  throw new Error('was not refused');
}

/** What reading gives: the texts of the records, and the problems. */
async function readAll(path: string | Readable): Promise<{ records: string[]; problems: string[] }> {
  const inputs = typeof path === 'string' ? listInputs([path]) : listInputs(['-'], { stdin: path });
  const records: string[] = [];
  const problems: string[] = [];
  for (const input of inputs) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read)
        problems.push(new ProblemError('INPUT', [read.problem]).message.replaceAll(`${folder}/`, ''));
      else
        records.push(
          ...read.records.map(({ text, line }) => `${read.file.replace(`${folder}/`, '')}:${line} ${text.toString()}`),
        );
    }
  }
  return { records, problems };
}

async function tar(entries: readonly (readonly [name: string, content: string | Buffer])[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of entries) archive.entry({ name }, content as string);
  archive.entry({ name: 'link.json', type: 'symlink', linkname: '/etc/passwd' });
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const LINES = Array.from({ length: 3_000 }, (_, index) =>
  JSON.stringify({ index, noise: `${(index * 7919) % 104729}` }),
);

describe('inputs of replay: refused before anything is read', () => {
  test('a file that does not exist', () => {
    expect(refusal([join(folder, 'missing.json')])).toMatchInlineSnapshot(`
     "INPUT missing.json: does not exist
       Check the path; nothing was sent."
    `);
  });

  test('an empty file', () => {
    expect(refusal([file('empty.json', '')])).toMatchInlineSnapshot(`
     "INPUT empty.json: is empty
       Did the export that wrote it fail?"
    `);
  });

  test('a folder without files', () => {
    mkdirSync(join(folder, 'bare'));
    expect(refusal([join(folder, 'bare')])).toMatchInlineSnapshot(`
     "INPUT bare: is a folder without files
       Name files, or a folder that holds some; hidden and empty files are not read."
    `);
  });

  test('a Windows event log in its binary form', () => {
    expect(refusal([file('Security.evtx', Buffer.from('ElfFile\0\0\0\0\0'))])).toMatchInlineSnapshot(`
     "INPUT Security.evtx: is a Windows event log (.evtx), not an event log in text form
       Convert it first, for example with \`evtx_dump -o jsonl\`."
    `);
  });

  test('a file full of control characters', () => {
    expect(refusal([file('noise.log', Buffer.from(Array.from({ length: 600 }, (_, at) => at % 20)))]))
      .toMatchInlineSnapshot(`
     "INPUT noise.log: is a binary file, not an event log in text form
       Replay event logs as JSON lines, event XML, CSV or rendered text, plain or in .gz, .tar, .tar.gz, .zip."
    `);
  });

  test('several at once, each with its reason', () => {
    expect(refusal([join(folder, 'no'), file('none.json', ''), join(folder, 'nor')])).toMatchInlineSnapshot(`
     "INPUT no: does not exist
       Check the path; nothing was sent.
     none.json: is empty
       Did the export that wrote it fail?
     nor: does not exist
       Check the path; nothing was sent."
    `);
  });

  test('a file in a folder, by its own name', () => {
    file('mixed/a.json', '{}');
    file('mixed/b.json', '{}');
    const open = jest.spyOn(fs, 'openSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
    });
    expect(refusal([join(folder, 'mixed')])).toMatchInlineSnapshot(`
     "INPUT mixed/a.json: cannot be read: permission denied
       Check the path; nothing was sent."
    `);
    open.mockRestore();
  });

  // Root reads everything, so only another user can be refused.
  (process.getuid?.() === 0 ? test.skip : test)('a file without permission (not as root)', () => {
    const path = file('secret.json', '{}');
    chmodSync(path, 0);
    expect(refusal([path])).toMatchInlineSnapshot(`
     "INPUT secret.json: cannot be read: permission denied
       Check the path; nothing was sent."
    `);
  });
});

describe('inputs of replay: read', () => {
  test('reads the files of a folder in order, those in folders below as well, without hidden and empty ones', async () => {
    file('tree/b.json', '{"b":1}');
    file('tree/a/z.log', '{"z":1}');
    file('tree/.hidden', '{"h":1}');
    file('tree/empty.log', '');
    expect((await readAll(join(folder, 'tree'))).records).toEqual(['tree/a/z.log:1 {"z":1}', 'tree/b.json:1 {"b":1}']);
  });

  test('gzip, whatever the name, and several members one after the other', async () => {
    const path = file('two.log', Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":1}\n')]));
    expect(await readAll(path)).toEqual({ records: ['two.log:1 {"a":1}', 'two.log:2 {"b":1}'], problems: [] });
  });

  test('tar.gz: each file by its name, compressed ones too, links left out', async () => {
    const archive = await tar([
      ['one.json', '{"a":1}'],
      ['../up/two.gz', gzipSync('{"b":1}')],
    ]);
    expect(await readAll(file('x.tgz', gzipSync(archive)))).toEqual({
      records: ['x.tgz/one.json:1 {"a":1}', 'x.tgz/../up/two.gz:1 {"b":1}'],
      problems: [],
    });
  });

  test('standard input', async () => {
    const { records } = await readAll(Readable.from([Buffer.from('{"a":1}\n{"b"'), Buffer.from(':1}\n')]));
    expect(records).toEqual(['standard input:1 {"a":1}', 'standard input:2 {"b":1}']);
  });

  test.each(['utf16le', 'utf16be'])('%s with a byte order mark', async (encoding) => {
    const little = Buffer.from('\ufeff{"a":"é"}\r\n{"b":1}', 'utf16le');
    const path = file(`${encoding}.json`, encoding === 'utf16le' ? little : little.swap16());
    expect((await readAll(path)).records).toEqual([`${encoding}.json:1 {"a":"é"}`, `${encoding}.json:2 {"b":1}`]);
  });
});

describe('inputs of replay: zip archives', () => {
  test('are read: each file by its name, compressed ones and UTF-16 too, folders left out', async () => {
    const archive = zip([
      { name: 'logs/', content: '' },
      { name: 'logs/a.json', content: LINES.slice(0, 3).join('\n') },
      { name: '../up/b.gz', content: gzipSync('{"b":1}') },
      { name: 'c.json', content: Buffer.from('\ufeff{"c":1}', 'utf16le') },
    ]);
    expect(await readAll(file('a.zip', archive))).toEqual({
      records: [
        ...LINES.slice(0, 3).map((line, index) => `a.zip/logs/a.json:${index + 1} ${line}`),
        'a.zip/../up/b.gz:1 {"b":1}',
        'a.zip/c.json:1 {"c":1}',
      ],
      problems: [],
    });
  });

  test('what cannot be read in one is told, and the others are read', async () => {
    const archive = zip([
      { name: 'secret.json', content: '{"a":1}', isEncrypted: true },
      { name: 'lzma.json', content: '{"a":1}', method: 14 },
      { name: 'bomb.json', content: Buffer.alloc(200), uncompressedSize: 2 ** 31 },
      { name: 'inner.zip', content: zip([{ name: 'a.json', content: '{"a":1}' }]) },
      { name: 'good.json', content: '{"a":2}' },
    ]);
    const { records, problems } = await readAll(file('mixed.zip', archive));
    expect(records).toEqual(['mixed.zip/good.json:1 {"a":2}']);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
     "mixed.zip/secret.json: is encrypted
       Unpack the archive with its password, then replay the files in it.
     mixed.zip/lzma.json: is packed by a method that is not read (14)
       Unpack the archive, then replay the files in it.
     mixed.zip/bomb.json: would grow 357913941-fold and was left out
       No event log does: unpack it by hand if you know what it is.
     mixed.zip/inner.zip: is a zip archive in another archive or in a pipe, which cannot be read there
       Unpack the outer archive, or save what comes out of the pipe, and replay the .zip file itself."
    `);
  });

  test.each([
    ['in a tar archive', async () => await tar([['a.zip', zip([{ name: 'a.json', content: '{"a":1}' }])]])],
    ['in a pipe', () => Promise.resolve(zip([{ name: 'a.json', content: '{"a":1}' }]))],
  ])('are not read %s', async (where, make) => {
    const bytes = await make();
    const { records, problems } = await readAll(
      where === 'in a pipe' ? Readable.from([bytes]) : file('outer.tar', bytes),
    );
    expect(records).toEqual([]);
    expect(problems.join('\n')).toMatch(/is a zip archive in another archive or in a pipe/);
  });

  test('whose members are the same bytes end with a message', async () => {
    const content = LINES.join('\n');
    const archive = zip(Array.from({ length: 5 }, (_, at) => ({ name: `${at}.json`, content, offset: 0 })));
    const once = zip([{ name: '0.json', content }]);
    // The directory of the five, behind the bytes of one.
    const body = once.subarray(0, once.indexOf(Buffer.from('504b0102', 'hex')));
    const directory = Buffer.from(archive.subarray(archive.indexOf(Buffer.from('504b0102', 'hex'))));
    directory.writeUInt32LE(body.length, directory.length - 6);
    const { problems } = await readAll(file('overlap.zip', Buffer.concat([body, directory])));
    expect(problems.join('\n')).toContain('its members overlap');
  });

  test('that are cut off or only begin like one are corrupt', async () => {
    const archive = zip([{ name: 'a.json', content: '{"a":1}' }]);
    for (const bytes of [archive.subarray(0, 40), Buffer.from('504b0304140000000800', 'hex')]) {
      const { records, problems } = await readAll(file('cut.zip', bytes));
      expect(records).toEqual([]);
      expect(problems).toEqual([expect.stringMatching(/^cut\.zip: the zip archive is corrupt \(/)]);
    }
  });

  test('without files are told', async () => {
    expect((await readAll(file('none.zip', zip([])))).problems.join()).toContain('none.zip: holds no files');
  });
});

describe('inputs of replay: files of something else', () => {
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, at) => `line ${at} of a server`).join('\n');

  test('of a text in which nothing is known the first thousand lines are read', async () => {
    const { records, problems } = await readAll(file('server.log', lines(5_000)));
    expect(records).toHaveLength(1_000);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
     "server.log: holds no known event in its first 1000 lines; the rest was not read
       Is it a log of these events? docs/replay.md lists the forms that are read. These lines are kept as they are."
    `);
  });

  test('in an archive, what follows such a text is read', async () => {
    const archive = await tar([
      ['server.log', lines(50_000)],
      ['a.json', '{"a":1}'],
    ]);
    for (const name of ['after.tar', 'after.tgz']) {
      const { records } = await readAll(file(name, name === 'after.tar' ? archive : gzipSync(archive)));
      expect(records).toHaveLength(1_001);
      expect(records.at(-1)).toBe(`${name}/a.json:1 {"a":1}`);
    }
  });

  test('a text with an event in its first thousand lines is read to the end', async () => {
    const { records, problems } = await readAll(file('late.log', `${lines(900)}\n{"a":1}\n${lines(2_000)}`));
    expect([records.length, problems]).toEqual([2_901, []]);
  });

  test('JSON of no known source is read to the end', async () => {
    expect((await readAll(file('other.json', LINES.join('\n')))).records).toHaveLength(3_000);
  });

  test.each([16, 64, 512, 5_000])('of random bytes, %d of them, next to none passes for text', (length) => {
    const passed = Array.from({ length: 300 }, (_, seed) => fileKind(noise(seed, length).subarray(0, 512)).kind);
    expect(passed.filter((kind) => kind === 'text').length).toBeLessThan(length < 64 ? 45 : 3);
  });

  test.each([
    [
      'French in Windows-1252',
      Buffer.from("un \xe9v\xe9nement a \xe9t\xe9 cr\xe9\xe9 \xe0 l'heure\n".repeat(9), 'latin1'),
    ],
    ['Greek in UTF-8, cut within a character', Buffer.from('Δημιουργήθηκε μια διεργασία'.repeat(9)).subarray(0, 501)],
    ['one NUL', Buffer.from(`${'{"a":"b"}\n'.repeat(30)}\0`)],
  ])('text is text: %s', (_, head) => {
    expect(fileKind(head).kind).toBe('text');
  });
});

/** The same bytes for the same seed, without a pattern (a linear congruence, its high bits). */
function noise(seed: number, length: number): Buffer {
  let state = seed * 7919 + 1;
  return Buffer.from(Array.from({ length }, () => ((state = (state * 1103515245 + 12345) % 2 ** 31) >>> 16) & 0xff));
}

describe('inputs of replay: exports of a cluster', () => {
  test('of a hit with fields and no _source, as Kibana shows it, the fields are the event', async () => {
    const fields = {
      'winlog.channel': ['Security'],
      'winlog.event_data': [{ NewProcessName: 'a.exe' }],
      'process.name': ['a.exe'],
      'process.name.text': ['a.exe'],
      'process.args': ['a', 'b'],
      _ignored: ['message'],
    };
    const event =
      '{"winlog":{"channel":"Security","event_data":{"NewProcessName":"a.exe"}},"process":{"name":"a.exe","args":["a","b"]}}';
    const one = { _index: 'logs-x', _id: '1', fields };
    for (const shown of [one, { hits: { hits: [one] } }, { id: 'x', rawResponse: { hits: { hits: [one] } } }]) {
      const { records } = await readAll(file('fields.json', JSON.stringify(shown)));
      expect(records).toEqual([`fields.json:1 ${event}`]);
    }
  });

  test('the lines of a bulk request that say what to do are no events', async () => {
    const path = file(
      'bulk.ndjson',
      '{"index":{"_index":"x","_id":"1"}}\n{"a":1}\n{"create":{}}\n{"a":2}\n{"delete":{"_id":"3"}}\n',
    );
    expect((await readAll(path)).records).toEqual(['bulk.ndjson:2 {"a":1}', 'bulk.ndjson:4 {"a":2}']);
    const other = '{"index":{"name":"x"}}';
    expect((await readAll(file('other.ndjson', other))).records).toEqual([`other.ndjson:1 ${other}`]);
  });

  const hit = (source: string, index = '"_index":"logs-x"'): string =>
    `{${index},"_id":"1","_score":null,"_source":${source}}`;

  test('a search hit is its _source, as it is written', async () => {
    const source = '{"a": 9007199254740993, "b":"}\\"{", "c":[{},[]], "d":{"_source":1}}';
    const path = file('dump.ndjson', `${hit(source)}\n${hit('{"a":2}')}\n`);
    expect((await readAll(path)).records).toEqual([`dump.ndjson:1 ${source}`, 'dump.ndjson:2 {"a":2}']);
  });

  test('the answer of _search is its hits, each on its line', async () => {
    const path = file(
      'search.json',
      `{"took":1,\n"hits":{"total":{"value":2},"hits":[\n${hit('{"a":1}')},\n${hit('{"a":2}')}]}}`,
    );
    expect((await readAll(path)).records).toEqual(['search.json:3 {"a":1}', 'search.json:4 {"a":2}']);
  });

  test.each([
    ['a _source without an index', '{"_source":{"a":1}}'],
    ['a _source that is no object', '{"_index":"x","_source":"{}"}'],
    ['an answer without hits', '{"hits":{"hits":[]}}'],
    ['an answer in which not all are hits', `{"hits":{"hits":[${hit('{"a":1}')},{"b":2}]}}`],
  ])('%s is an event by itself', async (_, text) => {
    expect((await readAll(file('event.json', text))).records).toEqual([`event.json:1 ${text}`]);
  });

  test('of members of the same name the last counts, as everywhere', async () => {
    const path = file('twice.json', '{"_index":"x","_source":{"a":1},"\\u005fsource":{"a":2}}');
    expect((await readAll(path)).records).toEqual(['twice.json:1 {"a":2}']);
  });
});

describe('inputs of replay: a fault is reported, and the records before it are kept', () => {
  test('a gzip file that is cut off', async () => {
    const whole = gzipSync(LINES.join('\n'));
    const { records, problems } = await readAll(file('cut.gz', whole.subarray(0, whole.length - 200)));
    expect(records.length).toBeGreaterThan(2_000);
    expect(records.length).toBeLessThan(3_000);
    expect(records.at(-1)).toBe(`cut.gz:${records.length} ${LINES[records.length - 1] ?? ''}`);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
     "cut.gz: the gzip file is cut off before its end
       What came before that place was sent; fetch the file again and replay it: events already there are not indexed twice."
    `);
  });

  test('a gzip file that is corrupt in the middle', async () => {
    const corrupt = gzipSync(LINES.join('\n'));
    const middle = Math.floor(corrupt.length / 2);
    corrupt.fill(0xff, middle, middle + 50);
    const { records, problems } = await readAll(file('corrupt.gz', corrupt));
    expect(records.length).toBeGreaterThan(1_000);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^corrupt\.gz: the gzip file is corrupt \(/);
  });

  test('a tar archive that is cut off', async () => {
    const archive = await tar([['a.json', LINES.join('\n')]]);
    const cut = archive.subarray(0, 40_000);
    const { records, problems } = await readAll(file('cut.tar', cut));
    const complete = cut.toString('latin1', 512).split('\n').length - 1;
    expect(complete).toBeGreaterThan(1_000);
    expect(records).toHaveLength(complete);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
     "cut.tar: the tar archive is corrupt (Unexpected end of data)
       What came before that place was sent; fetch the file again and replay it: events already there are not indexed twice."
    `);
  });

  test('a tar archive whose second header is corrupt', async () => {
    const archive = await tar([
      ['a.json', '{"a":1}'],
      ['b.json', '{"b":1}'],
    ]);
    archive.fill('x', 1_024, 1_300);
    const { records, problems } = await readAll(file('corrupt.tar', archive));
    expect(records).toEqual(['corrupt.tar/a.json:1 {"a":1}']);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
     "corrupt.tar: the tar archive is corrupt (Invalid tar header. Maybe the tar is corrupted or it needs to be gunzipped?)
       What came before that place was sent; fetch the file again and replay it: events already there are not indexed twice."
    `);
  });

  test('a binary file in an archive', async () => {
    const archive = await tar([['Security.evtx', Buffer.from('ElfFile\0\0\0\0\0')]]);
    expect((await readAll(file('evtx.tar', archive))).problems.join('\n')).toMatchInlineSnapshot(`
     "evtx.tar/Security.evtx: is a Windows event log (.evtx), not an event log in text form
       Convert it first, for example with \`evtx_dump -o jsonl\`."
    `);
  });

  test('what comes after a binary file in an archive is read all the same', async () => {
    const binary = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01\0'), Buffer.alloc(300_000, 7)]);
    const archive = await tar([
      ['a.json', '{"a":1}'],
      ['b.bin', binary],
      ['b.gz', gzipSync(binary)],
      ['c.json', '{"c":1}'],
    ]);
    const { records, problems } = await readAll(file('mixed.tar', archive));
    expect(records).toEqual(['mixed.tar/a.json:1 {"a":1}', 'mixed.tar/c.json:1 {"c":1}']);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
     "mixed.tar/b.bin: is a Linux program, not an event log in text form
       Replay event logs as JSON lines, event XML, CSV or rendered text, plain or in .gz, .tar, .tar.gz, .zip.
     mixed.tar/b.gz: is a Linux program, not an event log in text form
       Replay event logs as JSON lines, event XML, CSV or rendered text, plain or in .gz, .tar, .tar.gz, .zip."
    `);
  });

  test('a file that holds only blanks', async () => {
    expect(await readAll(file('blank.log', ' \r\n\n\t\n'))).toMatchInlineSnapshot(`
     {
       "problems": [
         "blank.log: holds no events
       Did the export that wrote it fail?",
       ],
       "records": [],
     }
    `);
  });
});
