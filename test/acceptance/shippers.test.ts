import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from '../../src/target/target';
import { SAMPLES } from '../support/samples';
import { at, harbour, STREAMS, type Harbour, type Source } from '../support/ship';

// What docs/shippers.md says of collectors: the documents that they make of a record, as their vendors describe them.

let ours: Harbour;
beforeAll(async () => {
  ours = await harbour();
});

/** The first record of a file of samples, as its line. */
function record(file: string): string {
  return readFileSync(join(SAMPLES, file), 'utf8').split('\n')[0] ?? '';
}

const ARRIVAL = '2025-03-11T12:00:00.000Z';

/** A line as a collector wraps it; none of them says whose host it is. */
const COLLECTORS: Readonly<Record<string, (line: string) => Readonly<Record<string, unknown>>>> = {
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
)('a record of %s, wrapped by %s, becomes the same event as by itself', async (file, collector, source) => {
  const line = record(file);
  const alone = await ours.index(source, line);
  const wrapped = await ours.index(source, COLLECTORS[collector]?.(line) ?? {});
  expect(at(alone, 'process.name')).toEqual(expect.any(String));
  for (const field of FIELDS) expect([field, at(wrapped, field)]).toEqual([field, at(alone, field)]);
});

test("a collector's own host.name is taken for the event's host, which is why it must be switched off", async () => {
  const line = record('sysmon-evtx.ndjson');
  const wrapped = { ...COLLECTORS['Filebeat with disable_host']?.(line), host: { name: 'collector' } };
  expect(at(await ours.index('sysmon', wrapped), 'host.name')).toBe('collector');
});

test('a data stream takes create and refuses index', async () => {
  const line = record('sysmon-winlogbeat.ndjson');
  const { body } = await request<{ items: readonly unknown[] }>(ours.target, {
    method: 'POST',
    path: `/${STREAMS.sysmon}-${ours.namespace}/_bulk`,
    ndjson: `{"create":{}}\n${line}\n{"index":{}}\n${line}\n`,
  });
  expect(body.items).toMatchObject([
    { create: { status: 201 } },
    { index: { status: 400, error: { reason: expect.stringContaining('op_type of create') as string } } },
  ]);
});
