import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PROGRAM_FOLDER } from '../src/program';
import { MANAGED_BY } from '../src/resources/ownership';

/** Says at its end how much memory the process had at most, in kB, on file descriptor 3. */
const REPORT = `import { writeSync } from 'node:fs';
process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));`;

/**
 * Runs `wmi-detections replay` on a file, in a process of its own, against a server that takes everything.
 * @param events how many the file holds; all must arrive
 * @returns the largest resident set of the process in MB (10^6 bytes), and how long it ran
 */
export async function peakMemory(
  path: string,
  events: number,
): Promise<{ readonly megabytes: number; readonly seconds: number }> {
  let arrived = 0;
  const server = createServer((incoming, answer) => {
    void bodyOf(incoming).then((body) => {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify(body));
    });
  });
  const bodyOf = async (incoming: IncomingMessage): Promise<object> => {
    if (incoming.url?.startsWith('/_bulk') !== true) {
      incoming.resume();
      if (incoming.url === '/') return { version: { number: '3.8.0', distribution: 'opensearch' } };
      return { index_templates: [{ index_template: { _meta: { managed_by: MANAGED_BY } } }] };
    }
    const count = (await countLines(incoming)) / 2;
    arrived += count;
    return { errors: false, items: Array.from({ length: count }, () => ({ create: { status: 201 } })) };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const began = performance.now();
    const megabytes = await run(['replay', path, '--es-url', url, '--output', 'json']);
    if (arrived !== events) throw new Error(`${arrived} of ${events} events arrived`);
    return { megabytes, seconds: Math.round((performance.now() - began) / 1_000) };
  } finally {
    server.close();
  }
}

async function countLines(bytes: AsyncIterable<Buffer>): Promise<number> {
  let count = 0;
  for await (const chunk of bytes) {
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}

async function run(args: readonly string[]): Promise<number> {
  const program = join(PROGRAM_FOLDER, 'dist', 'cli.js');
  const command = ['--import', `data:text/javascript,${encodeURIComponent(REPORT)}`, program, ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const [, , stderr, report] = child.stdio;
  const [told, kilobytes, status] = await Promise.all([
    text(stderr as Readable),
    text(report as Readable),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (status !== 0) throw new Error(`replay ended with ${status}: ${told.slice(-2_000)}`);
  return Math.round((Number(kilobytes) * 1_024) / 1e6);
}
