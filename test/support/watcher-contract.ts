import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request to Watcher: the name of its type in @elastic/elasticsearch, and path, query and body as that client takes them. */
export interface TypedRequest {
  readonly type: string;
  readonly value: unknown;
}

/**
 * Holds requests against the types of @elastic/elasticsearch, which are made from Elasticsearch's own specification; the
 * published OpenAPI document at hand is that of Serverless, which has no Watcher. Unknown keys are errors, too.
 * @returns what TypeScript says against them; it takes some seconds, so give it all requests at once
 */
export function checkTypes(requests: readonly TypedRequest[]): string[] {
  if (requests.length === 0) return [];
  const unique = new Set(requests.map(({ type, value }) => `: es.${type} = ${JSON.stringify(value, shortened)};`));
  const lines = [...unique].map((line, number) => `export const request${number}${line}`);
  const folder = mkdtempSync(join(tmpdir(), 'watcher-contract-'));
  try {
    const types = require.resolve('@elastic/elasticsearch').replace(/index\.js$/, 'lib/api/types');
    writeFileSync(
      join(folder, 'requests.ts'),
      `import type * as es from ${JSON.stringify(types)};\n${lines.join('\n')}\n`,
    );
    const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, target: 'es2022', types: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['requests.ts'] }));
    const tsc = [require.resolve('typescript/bin/tsc'), '--project', folder];
    const { stdout, status } = spawnSync(process.execPath, tsc, { encoding: 'utf8' });
    return status === 0 ? [] : stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the types leave open says nothing, and is most of a watch. */
const OPEN: ReadonlySet<string> = new Set(['params', 'alternative_input', 'metadata']);

function shortened(key: string, value: unknown): unknown {
  if (OPEN.has(key)) return {};
  return typeof value === 'string' && value.length > 1000 ? `${value.slice(0, 10)}…` : value;
}
