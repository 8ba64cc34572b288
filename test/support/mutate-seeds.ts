import { parseJson } from '../../src/text/lossless-json';
import { eventOf } from '../../src/replay/event';
import { listInputs } from '../../src/replay/inputs';
import { readInput } from '../../src/replay/read';
import { documentOf, labelledEvents, labelledFiles, sourceOf } from './labelled';
import type { Json } from './mutate';
import { shipperShapes } from './shipper-shapes';
import { SAMPLES } from './samples';
import { STREAMS, type Source } from './test-server';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';
import { readFixtures } from '../../src/testing/fixture';
import * as event from './windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from './windows-events';

/** An event as a shipper sends it, to be mutated. */
export interface Seed {
  readonly name: string;
  readonly source: Source;
  readonly document: Json;
}

const FIXTURES = join(PROGRAM_FOLDER, 'test', 'pipelines');
const SOURCES = Object.keys(STREAMS) as Source[];

/** One event in every shape in which Windows events come; `wrap` makes the text that a record becomes in `message`. */
export function windowsShapes(
  header: typeof SYSMON,
  data: Readonly<Record<string, string>>,
): Readonly<Record<string, Json>> {
  const objects: Readonly<Record<string, Json>> = {
    winlogbeat: event.winlogbeat(header, data),
    winlogbeat6: event.winlogbeat6(header, data),
    nxlog: event.nxlog(header, data),
    otrf: event.otrf(header, data),
    evtx: event.evtx(header, data),
    chainsaw: event.evtx(header, data, true),
  };
  const texts = Object.entries(objects).map(([name, document]) => [
    `${name} in message`,
    { message: JSON.stringify(document) },
  ]);
  return {
    ...objects,
    ...(Object.fromEntries(texts) as Record<string, Json>),
    xml: { message: event.xml(header, data) },
    'pretty-printed xml': { message: event.xml(header, data, true) },
    'xml in event.original': { message: 'rendered', event: { original: event.xml(header, data) } },
    ...(header.id === SECURITY.id && { text: { message: event.rendered(data) } }),
    ...shipperShapes(header, data),
  };
}

/** Our own events of every shape: those of the tests, the fixtures of the pipelines, and the samples. */
export async function ownSeeds(): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const [name, document] of Object.entries(windowsShapes(SYSMON, SYSMON_DATA)))
    seeds.push({ name: `sysmon ${name}`, source: 'sysmon', document });
  for (const [name, document] of Object.entries(windowsShapes(SECURITY, SECURITY_DATA)))
    seeds.push({ name: `security ${name}`, source: 'security', document });
  for (const { pipeline, file, events } of readFixtures(FIXTURES)) {
    const source = SOURCES.find((each) => pipeline.startsWith(STREAMS[each]));
    if (source === undefined) throw new Error(`no stream has the pipeline ${pipeline}`);
    seeds.push(...events.map((document, number) => ({ name: `${file}:${number + 1}`, source, document })));
  }
  for (const input of listInputs([SAMPLES])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      for (const record of read.records) {
        const { source, document, line } = eventOf(record, read.file);
        const stream = source === 'windows_security' ? 'security' : source;
        seeds.push({
          name: `${read.file.slice(SAMPLES.length + 1)}:${line}`,
          source: stream,
          document: parseJson(document.toString()) as Json,
        });
      }
    }
  }
  return seeds;
}

/** Real events, up to `each` of every labelled file, evenly over it; none where those files are absent. */
export function realSeeds(each: number): Seed[] {
  return labelledFiles.flatMap((file) => {
    const events = labelledEvents(file);
    const step = Math.max(1, Math.floor(events.length / each));
    return events.flatMap((event, number) => {
      if (number % step !== 0) return [];
      const document = parseJson(documentOf(event)) as Json;
      return [{ name: `${file}:${number + 1}`, source: sourceOf(event), document }];
    });
  });
}
