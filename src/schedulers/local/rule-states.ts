import { isRecord } from '../../json';
import type { Rule } from '../../detections/rule';
import { readStateDocuments, storedRuleIn } from './state';
import type { Cluster } from '../../cluster/cluster';
import { parseDuration } from '../../text/duration';
import { isOverdue, type LastRun, type RuleState } from '../rule-state';

/** What the state index says of one rule. */
export interface Stored {
  readonly rule: Rule;
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
    .map(({ rule, indices }) => {
      const progress = watermarks.find(({ rule_uuid }) => rule_uuid === rule.uuid);
      const at = Date.parse(String(progress?.at));
      const lastRun = isRecord(progress?.last_run) ? (progress.last_run as unknown as LastRun) : null;
      return { rule, indices, watermark: Number.isNaN(at) ? null : at, lastRun };
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
