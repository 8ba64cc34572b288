import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../../src/cluster/cluster';
import { replay } from '../../src/replay/replay';
import { temporaryFolder } from '../support/temporary-folders';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';
import { at } from '../support/test-server';
import { request } from '../support/request';
import { EXPORTED, TOOL_FILES } from '../support/tool-files';
import { xml } from '../support/windows-events';

// What docs/shippers.md says of files: the event in a tool's file becomes the document that its XML becomes.

const folder = temporaryFolder();
let cluster: Cluster;
beforeAll(async () => {
  cluster = await testCluster();
});

/** What a detection and an alert need of an event, to the second. */
const FIELDS = [
  'event.category',
  'event.type',
  'process.name',
  'process.command_line',
  'process.pid',
  'process.parent.name',
  'host.name',
  'user.name',
  'user.domain',
] as const;

async function documentOf(content: string | Buffer, source: keyof typeof EXPORTED): Promise<Record<string, unknown>> {
  const path = join(folder, 'events');
  writeFileSync(path, content);
  const namespace = freshNamespace();
  const { counts, problems } = await replay(cluster, [path], { namespace });
  expect(problems).toEqual([]);
  expect(counts).toMatchObject({ read: 1, indexed: 1, pipelineErrors: 0, bySource: { [source]: 1 } });
  const { body } = await request<{ hits: { hits: { _source: Record<string, unknown> }[] } }>(cluster, {
    method: 'POST',
    path: `/logs-*-${namespace}/_search`,
  });
  return body.hits.hits[0]?._source ?? {};
}

const SOURCES = ['sysmon', 'windows_security'] as const;

/** Event Viewer's tables have no column for it. */
const WITHOUT_HOST = /^Event Viewer/;

test.each(SOURCES.flatMap((source) => Object.keys(TOOL_FILES).map((tool) => [tool, source] as const)))(
  'files of tools: %s, an event of %s becomes what its XML becomes',
  async (tool, source) => {
    const event = EXPORTED[source];
    const alone = await documentOf(xml(event.header, event.data), source);
    const document = await documentOf(TOOL_FILES[tool]?.(event) ?? '', source);
    expect(at(alone, 'process.name')).toEqual(expect.any(String));
    for (const field of FIELDS) {
      const expected = field === 'host.name' && WITHOUT_HOST.test(tool) ? undefined : at(alone, field);
      const value: unknown = at(document, field);
      expect([field, comparable(value)]).toEqual([field, comparable(expected)]);
    }
    expect(String(at(document, '@timestamp')).slice(0, 19)).toBe(String(at(alone, '@timestamp')).slice(0, 19));
  },
);

/** Winlogbeat writes the host in small letters; a blank at the end of a value in a rendered message is not told from one of the rendering. */
function comparable(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase().trimEnd() : value;
}
