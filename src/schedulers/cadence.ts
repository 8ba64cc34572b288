import { parseDuration } from '../text/duration';
import { isOverdue } from './local/rule-states';
import type { RuleState } from '../status/status';

type Cadence = Pick<
  RuleState,
  'interval' | 'enabled' | 'watermark' | 'behind' | 'overdue' | 'lastRun' | 'execution' | 'nextRun'
>;

/**
 * How a rule keeps its schedule on a scheduler of the cluster's own. The next run is counted from the start of the last one;
 * of a schedule without interval nobody here knows when it should run.
 * @param now milliseconds since 1970
 */
export function cadenceOf(
  { interval, enabled, execution }: Pick<RuleState, 'interval' | 'enabled' | 'execution'>,
  now: number,
): Cadence {
  const every = interval === null ? undefined : parseDuration(interval);
  const last = execution === null ? null : Date.parse(execution.at);
  const behind = last === null ? null : Math.max(0, now - last);
  const next = enabled && last !== null && every !== undefined ? new Date(last + every).toISOString() : null;
  const overdue = enabled && every !== undefined && isOverdue(behind, every);
  return { interval, enabled, watermark: null, behind, overdue, lastRun: null, execution, nextRun: next };
}
