import { isRecord } from '../../json';
import { stateIndex } from '../../detections/indices';
import type { Rule } from '../../detections/rule';
import type { StoredRule } from '../stored-rule';
import { request, type Cluster } from '../../cluster/cluster';
import { parseDuration } from '../../text/duration';
import { isOverdue, type LastRun, type RuleState } from '../rule-state';

/** What one search may return; the state of a namespace is two documents a rule. */
const MOST_DOCUMENTS = 10_000;

/** What the state index says of one rule. */
export interface Stored {
  readonly rule: Rule;
  readonly indices: readonly string[];
  /** Milliseconds since 1970; null before the first run. */
  readonly watermark: number | null;
  readonly lastRun: LastRun | null;
}

type Document = Readonly<Record<string, unknown>>;

interface Found {
  readonly hits?: { readonly hits: readonly { readonly _source: Document }[] };
}

/**
 * The rules that `deploy` stored in a namespace, by name, and how far each has come.
 * @returns an empty list where nothing was ever deployed
 */
export async function readState(cluster: Cluster, namespace: string): Promise<Stored[]> {
  const { body } = await request<Found>(cluster, {
    method: 'POST',
    path: `/${stateIndex(namespace)}/_search`,
    body: { size: MOST_DOCUMENTS, query: { match_all: {} } },
    allow: [404],
  });
  const documents = (body.hits?.hits ?? []).map(({ _source }) => _source);
  const rules = documents.flatMap(storedRule);
  return rules
    .map(({ rule, indices }) => {
      const progress = documents.find(({ kind, rule_uuid }) => kind === 'watermark' && rule_uuid === rule.uuid);
      const at = Date.parse(String(progress?.at));
      const lastRun = isRecord(progress?.last_run) ? (progress.last_run as unknown as LastRun) : null;
      return { rule, indices, watermark: Number.isNaN(at) ? null : at, lastRun };
    })
    .sort((left, right) => left.rule.name.localeCompare(right.rule.name, 'en'));
}

function storedRule(document: Document): StoredRule[] {
  // What deploy wrote; a document of somebody else's has no rule in it and is passed over.
  return document.kind === 'rule' && isRecord(document.rule) ? [document as unknown as StoredRule] : [];
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
