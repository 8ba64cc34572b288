import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../../errors';
import { MANAGED_BY } from '../../resources/ownership';
import { stateIndex } from '../../detections/indices';
import { type LastRun, isOverdue, type RuleState, type ExecutableRule } from '../deployed-rule';
import { type Cluster } from '../../cluster/cluster';
import { untyped } from '../../cluster/untyped';
import { toIso } from '../../text/time';
import { isRecord, type JsonRecord } from '../../json';
import type { Rule } from '../../detections/rule';
import { parseDuration } from '../../text/duration';

/**
 * A rule as `deploy` stores it for the local scheduler: a document of the state index. `run` executes what is stored,
 * not what is on the disk of whoever types it.
 */
export interface StoredRule extends ExecutableRule {
  readonly kind: 'rule';
  readonly managed_by: 'wmi-detections';
  readonly digest: string;
}

/** The `_id` of a stored rule in the state index. */
export function storedRuleId(uuid: string): string {
  return `rule:${uuid}`;
}

/** How far a rule has come, as read; what is needed to change exactly this version of it. */
export interface Watermark {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly seqNo: number;
  readonly primaryTerm: number;
}

/** What one search may return; the state of a namespace is two documents for each rule. */
const MOST_DOCUMENTS = 10_000;

/** A document of the state index: a stored rule or a watermark. */
interface StateDocument {
  readonly _id: string;
  readonly _source: JsonRecord;
}

/**
 * The documents of the state index of a namespace.
 * @param query one clause that they meet; all where not given
 * @returns an empty list where nothing was ever deployed
 */
export async function readStateDocuments(
  cluster: Cluster,
  namespace: string,
  query: JsonRecord = { match_all: {} },
): Promise<readonly StateDocument[]> {
  const { statusCode, body } = await cluster.client.search<JsonRecord>(
    {
      index: stateIndex(namespace),
      ignore_unavailable: true,
      allow_partial_search_results: false,
      size: MOST_DOCUMENTS,
      query: untyped(query),
    },
    { ignore: [404], meta: true },
  );
  if (statusCode === 404) return [];
  return body.hits.hits.map(({ _id = '', _source = {} }) => ({ _id, _source }));
}

/** The rule that a document of the state index is; none where it is something else, or somebody else's. */
function storedRuleIn({ _source: source }: StateDocument): StoredRule[] {
  return source.kind === 'rule' && isRecord(source.rule) ? [source as unknown as StoredRule] : [];
}

/**
 * The rules that `deploy` stored for the local scheduler, by name.
 * @throws ProblemError USAGE when none is stored
 */
export async function readStoredRules(cluster: Cluster, namespace: string): Promise<StoredRule[]> {
  const rules = await listStoredRules(cluster, namespace);
  if (rules.length === 0) {
    throw new ProblemError('USAGE', [
      {
        where: { url: `${cluster.url}/${stateIndex(namespace)}` },
        message: `no rule is stored in namespace "${namespace}"`,
        hint: 'Run `wmi-detections deploy --scheduler local` first, or name another namespace with --namespace.',
      },
    ]);
  }
  return rules;
}

/** The same, where none is an answer as well. */
export async function listStoredRules(cluster: Cluster, namespace: string): Promise<StoredRule[]> {
  const rules = (await readStateDocuments(cluster, namespace, { term: { kind: 'rule' } })).flatMap(storedRuleIn);
  return rules.sort((left, right) => left.rule.name.localeCompare(right.rule.name, 'en'));
}

/** How far a rule has come; null before its first run. */
export async function readWatermark(cluster: Cluster, namespace: string, uuid: string): Promise<Watermark | null> {
  const found: Partial<estypes.GetResponse<{ readonly at?: string }>> = await cluster.client.get(
    watermarkIn(namespace, uuid),
    { ignore: [404] },
  );
  return watermarkOf(found);
}

/** The watermark that a document is; null where there is none. */
export function watermarkOf(found: {
  readonly _source?: { readonly at?: unknown } | undefined;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
}): Watermark | null {
  const written = found._source?.at;
  const at = typeof written === 'string' ? Date.parse(written) : NaN;
  if (found._seq_no === undefined || found._primary_term === undefined || Number.isNaN(at)) return null;
  return { at, seqNo: found._seq_no, primaryTerm: found._primary_term };
}

/** The `_id` of the watermark of a rule in the state index. */
export function watermarkId(uuid: string): string {
  return `watermark:${uuid}`;
}

/** A watermark as it is stored. @param at milliseconds since 1970 */
export function watermarkDocument(uuid: string, at: number, lastRun: LastRun): JsonRecord {
  return {
    kind: 'watermark',
    managed_by: MANAGED_BY,
    rule_uuid: uuid,
    at: toIso(at),
    updated: toIso(Date.now()),
    last_run: lastRun,
  };
}

/**
 * Moves the watermark of a rule from what this run read to where this run came.
 *
 * Another run may have moved it meanwhile. If that one came less far, ours still holds, because we read everything from the
 * old one on; if it came further, or somebody took the watermark away or set it back to have a period read again, we leave it.
 * @param from what {@link readWatermark} gave before the window was read
 * @param to milliseconds since 1970
 */
export async function moveWatermark(
  cluster: Cluster,
  namespace: string,
  uuid: string,
  from: Watermark | null,
  to: number,
  lastRun: LastRun,
): Promise<void> {
  let current = from;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const condition =
      current === null
        ? { op_type: 'create' as const }
        : { if_seq_no: current.seqNo, if_primary_term: current.primaryTerm };
    const document = watermarkDocument(uuid, to, lastRun);
    const { statusCode } = await cluster.client.index(
      { ...watermarkIn(namespace, uuid), ...condition, refresh: true, document },
      { ignore: [409], meta: true },
    );
    if (statusCode !== 409) return;
    current = await readWatermark(cluster, namespace, uuid);
    if (current === null || current.at >= to || (from !== null && current.at < from.at)) return;
  }
}

function watermarkIn(namespace: string, uuid: string): { index: string; id: string } {
  return { index: stateIndex(namespace), id: watermarkId(uuid) };
}

/** What the state index says of one rule. */
export interface Stored {
  readonly rule: Rule;
  readonly query: StoredRule['query'];
  readonly indices: readonly string[];
  /** Milliseconds since 1970; null before the first run. */
  readonly watermark: number | null;
  readonly lastRun: LastRun | null;
}

/**
 * The rules that `deploy` stored in a namespace, by name, and how far each has come.
 * @returns an empty list where nothing was ever deployed
 */
export async function readState(cluster: Cluster, namespace: string): Promise<Stored[]> {
  const documents = await readStateDocuments(cluster, namespace);
  const rules = documents.flatMap(storedRuleIn);
  const watermarks = documents.map(({ _source }) => _source).filter(({ kind }) => kind === 'watermark');
  return rules
    .map(({ rule, query, indices }) => {
      const progress = watermarks.find(({ rule_uuid }) => rule_uuid === rule.uuid);
      const at = Date.parse(String(progress?.at));
      const lastRun = isRecord(progress?.last_run) ? (progress.last_run as unknown as LastRun) : null;
      return { rule, query, indices, watermark: Number.isNaN(at) ? null : at, lastRun };
    })
    .sort((left, right) => left.rule.name.localeCompare(right.rule.name, 'en'));
}

/**
 * How a stored rule is doing.
 * @param now the cluster's time, milliseconds since 1970
 */
export function ruleState({ rule, watermark, lastRun }: Stored, now: number): RuleState {
  const interval = parseDuration(rule.schedule.interval) ?? 0;
  const behind = watermark === null ? null : Math.max(0, now - watermark);
  return {
    uuid: rule.uuid,
    name: rule.name,
    version: rule.version,
    interval: rule.schedule.interval,
    scheduler: 'local',
    space: null,
    enabled: true,
    watermark: watermark === null ? null : new Date(watermark).toISOString(),
    behind,
    overdue: isOverdue(behind, interval),
    lastRun,
    execution: null,
    nextRun: null,
  };
}
