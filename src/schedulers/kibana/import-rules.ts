import { ProblemError, type Problem } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import type { Kibana } from '../../cluster/kibana';
import { kibanaReason } from '../../cluster/kibana-failure';
import { listOf } from '../../lists';

const PATH = '/api/detection_engine/rules/_import';

/** Far below what Kibana takes at once by default: 10,000 rules and 10,485,760 bytes. */
const MOST_RULES = 500;
const MOST_BYTES = 8_000_000;

/** Milliseconds for one file of many rules. */
const TIMEOUT = 300_000;

interface Imported {
  readonly success_count?: unknown;
  readonly errors?: unknown;
  readonly exceptions_errors?: unknown;
  readonly action_connectors_errors?: unknown;
}

/**
 * Creates and replaces many rules through Kibana's import, which answers with 200 whatever became of them: what failed stands
 * in three lists. A rule's `exceptions_list` has to be in the file, or the import unlinks it (kibana#269435).
 * @returns the rules that failed, by rule_id
 */
export async function importRules(
  kibana: Kibana,
  space: string,
  bodies: readonly JsonRecord[],
): Promise<Map<string, ProblemError>> {
  const failed = new Map<string, ProblemError>();
  for (const chunk of chunksOf(bodies)) {
    const ids = chunk.map(({ id }) => id);
    try {
      for (const [id, error] of await importChunk(
        kibana,
        space,
        ids,
        chunk.map(({ line }) => line),
      ))
        failed.set(id, error);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      // The next chunk is sent all the same: it does not need this one.
      for (const id of ids) failed.set(id, error);
    }
  }
  return failed;
}

interface Line {
  readonly id: string;
  readonly line: string;
}

function chunksOf(bodies: readonly JsonRecord[]): Line[][] {
  const chunks: Line[][] = [];
  let bytes = Infinity;
  for (const body of bodies) {
    const line = { id: String(body.rule_id), line: JSON.stringify(body) };
    const size = Buffer.byteLength(line.line) + 1;
    const chunk = chunks.at(-1);
    if (chunk === undefined || chunk.length === MOST_RULES || bytes + size > MOST_BYTES) {
      chunks.push([line]);
      bytes = size;
    } else {
      chunk.push(line);
      bytes += size;
    }
  }
  return chunks;
}

async function importChunk(
  kibana: Kibana,
  space: string,
  ids: readonly string[],
  lines: readonly string[],
): Promise<Map<string, ProblemError>> {
  const { status, body } = await kibana.ask<Imported>({
    method: 'POST',
    path: PATH,
    space,
    query: { overwrite: true },
    // Any other ending of the name is refused.
    file: { name: 'rules.ndjson', text: `${lines.join('\n')}\n` },
    timeout: TIMEOUT,
  });
  const errors = [body.errors, body.exceptions_errors, body.action_connectors_errors].flatMap(listOf).filter(isRecord);
  const where = { url: `${kibana.url}${PATH}`, method: 'POST', status };
  const problems = new Map<string, Problem[]>();
  const general: Problem[] = [];
  for (const error of errors) {
    const inner = isRecord(error.error) ? error.error.status_code : undefined;
    const code = typeof inner === 'number' ? { status: inner } : {};
    const about = [error.list_id, error.item_id].filter((id) => typeof id === 'string').map((id) => ` (${id})`);
    const message = `Kibana, space ${space}: the import says: ${kibanaReason(error)}${about.join('')}`;
    const problem = { where: { ...where, ...code }, message };
    // Several rules that share what is missing are told in one error, their ids joined by commas.
    const named = typeof error.rule_id === 'string' ? error.rule_id.split(',').filter((id) => ids.includes(id)) : [];
    if (named.length === 0) general.push(problem);
    for (const id of named) problems.set(id, [...(problems.get(id) ?? []), problem]);
  }
  const counted = typeof body.success_count === 'number' ? body.success_count : 0;
  const unnamed = ids.filter((id) => !problems.has(id));
  if (general.length === 0 && counted < unnamed.length) {
    const message = `Kibana, space ${space}: the import took ${counted} of ${ids.length} rules and does not say which`;
    general.push({ where, message, hint: 'Run plan: it shows which rules are not as they should be.' });
  }
  // An error without a rule could be about any of them: none is called done that may not be.
  for (const id of general.length === 0 ? [] : unnamed) problems.set(id, general);
  return new Map([...problems].map(([id, list]) => [id, new ProblemError('REFUSED', list)]));
}
