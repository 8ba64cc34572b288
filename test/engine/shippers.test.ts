import type { JsonRecord } from '../../src/json';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from '../support/request';
import { SAMPLES } from '../support/samples';
import { at, testServer, STREAMS, type TestServer, type Source } from '../support/test-server';
import { SYSMON, SYSMON_DATA, winlogbeat, xml } from '../support/windows-events';

// What docs/shippers.md says of collectors: the documents that they make of a record, as their vendors describe them.

let ours: TestServer;
beforeAll(async () => {
  ours = await testServer();
});

/** The first record of a file of samples, as its line. */
function record(file: string): string {
  return readFileSync(join(SAMPLES, file), 'utf8').split('\n')[0] ?? '';
}

const ARRIVAL = '2025-03-11T12:00:00.000Z';

/** A line as a collector wraps it; none of them says whose host it is. */
const COLLECTORS: Readonly<Record<string, (line: string) => JsonRecord>> = {
  'Vector, source socket': (line) => ({
    message: line,
    host: '192.0.2.1',
    port: 50_000,
    source_type: 'socket',
    timestamp: ARRIVAL,
    '@timestamp': ARRIVAL,
    data_stream: { type: 'logs', dataset: 'sysmon.process_creation', namespace: 'default' },
  }),
  'Vector, source aws_s3': (line) => ({
    message: line,
    bucket: 'fdr',
    object: 'data/part-00000.gz',
    region: 'us-west-1',
    source_type: 'aws_s3',
    timestamp: ARRIVAL,
    '@timestamp': ARRIVAL,
  }),
  'Logstash, input tcp': (line) => ({
    message: line,
    '@version': '1',
    '@timestamp': ARRIVAL,
    event: { original: line },
    host: { ip: '192.0.2.1' },
  }),
  'Filebeat with disable_host': (line) => ({
    message: line,
    '@timestamp': ARRIVAL,
    agent: { type: 'filebeat', version: '9.1.0', name: 'collector' },
    ecs: { version: '8.0.0' },
    input: { type: 'filestream' },
    log: { offset: 0, file: { path: '/var/spool/records.ndjson' } },
  }),
};

const RECORDS: readonly (readonly [Source, string])[] = [
  ['sysmon', 'sysmon-nxlog.ndjson'],
  ['security', 'security-nxlog.ndjson'],
  ['sysmon', 'sysmon-evtx.ndjson'],
  ['crowdstrike', 'crowdstrike-fdr.ndjson'],
];

/** What a detection and an alert need of an event. */
const FIELDS = [
  '@timestamp',
  'event.category',
  'event.type',
  'process.name',
  'process.command_line',
  'process.pid',
  'process.parent.name',
  'host.name',
  'host.id',
  'user.name',
  'error.message',
];

test.each(
  RECORDS.flatMap(([source, file]) => Object.keys(COLLECTORS).map((collector) => [file, collector, source] as const)),
)(
  'events of shippers: a record of %s, wrapped by %s, becomes the same event as by itself',
  async (file, collector, source) => {
    const line = record(file);
    const alone = await ours.index(source, line);
    const wrapped = await ours.index(source, COLLECTORS[collector]?.(line) ?? {});
    expect(at(alone, 'process.name')).toEqual(expect.any(String));
    for (const field of FIELDS) expect([field, at(wrapped, field)]).toEqual([field, at(alone, field)]);
  },
);

describe("events of shippers: a collector's own host.name", () => {
  const host = { name: 'collector', hostname: 'collector' };
  const wrap = (file: string) => ({ ...COLLECTORS['Filebeat with disable_host']?.(record(file)), host });

  test.each(['sysmon-nxlog.ndjson', 'sysmon-evtx.ndjson', 'sysmon-winlogbeat6.ndjson'])(
    'gives way to the computer that the record in %s names',
    async (file) => {
      const alone = await ours.index('sysmon', record(file));
      const wrapped = await ours.index('sysmon', wrap(file));
      expect(at(alone, 'host.name')).toEqual(expect.any(String));
      expect(wrapped.host).toEqual(alone.host);
      expect(at(wrapped, 'winlog.event_data')).toMatchObject({ 'host.name': 'collector' });
    },
  );

  test('gives way to the computer in event XML', async () => {
    const document = await ours.index('sysmon', { message: xml(SYSMON, SYSMON_DATA), host });
    expect(document.host).toEqual({ name: 'WS07.lab.example', os: { type: 'windows' } });
  });

  test("is not taken for the host of Falcon's record, which names none", async () => {
    const document = await ours.index('crowdstrike', wrap('crowdstrike-fdr.ndjson'));
    expect(at(document, 'host.name')).toBeUndefined();
    expect(at(document, 'host.id')).toEqual(expect.any(String));
    expect(document.crowdstrike).toMatchObject({ 'host.name': 'collector' });
  });

  test('is kept where the record names no computer', async () => {
    const message = xml(SYSMON, SYSMON_DATA).replace(/<Computer>.*<\/Computer>/, '');
    expect(at(await ours.index('sysmon', { message, host }), 'host.name')).toBe('collector');
  });
});

test('events of shippers: what Winlogbeat says of its own host is kept', async () => {
  const document = { ...winlogbeat(SYSMON, SYSMON_DATA), host: { name: 'ws07' } };
  expect(at(await ours.index('sysmon', document), 'host.name')).toBe('ws07');
});

test('events of shippers: a data stream takes create and refuses index', async () => {
  const line = record('sysmon-winlogbeat.ndjson');
  const { body } = await request<{ items: readonly unknown[] }>(ours.cluster, {
    method: 'POST',
    path: `/${STREAMS.sysmon}-${ours.namespace}/_bulk`,
    ndjson: `{"create":{}}\n${line}\n{"index":{}}\n${line}\n`,
  });
  expect(body.items).toMatchObject([
    { create: { status: 201 } },
    { index: { status: 400, error: { reason: expect.stringContaining('op_type of create') as string } } },
  ]);
});
