import type { estypes } from '@elastic/elasticsearch';
import { isRecord } from '../json';
import type { Body, Scope } from '../resources/kind';
import { OUR_ACTION } from '../resources/watch-body';
import { watchesOf } from '../resources/watch';
import { uuidOfWatch } from '../resources/watch-mark';
import { parseDuration } from '../text/duration';
import { isOverdue } from './state';
import type { Execution, RuleState } from './status';

/**
 * How our watches are doing.
 * @param now milliseconds since 1970
 */
export async function watchRuleStates(scope: Scope, now: number): Promise<RuleState[]> {
  const found = await watchesOf(scope);
  return found.map(({ id, body, status }) => {
    const interval = intervalOf(body);
    const every = parseDuration(interval) ?? 0;
    const enabled = status?.state.active !== false;
    const execution = executionOf(status);
    const behind = execution === null ? null : Math.max(0, now - Date.parse(execution.at));
    const metadata = isRecord(body.metadata) ? body.metadata : {};
    return {
      uuid: uuidOfWatch(id, scope.namespace),
      name: String(metadata.name),
      version: Number(metadata.version),
      interval,
      scheduler: 'watcher',
      space: null,
      enabled,
      watermark: null,
      behind,
      // By a schedule of somebody else's, who knows.
      overdue: enabled && every > 0 && isOverdue(behind, every),
      lastRun: null,
      execution,
      nextRun: enabled && execution !== null ? new Date(Date.parse(execution.at) + every).toISOString() : null,
    };
  });
}

function intervalOf({ trigger }: Body): string {
  const schedule = isRecord(trigger) ? trigger.schedule : undefined;
  return isRecord(schedule) && typeof schedule.interval === 'string' ? schedule.interval : '';
}

/** `last_checked` and `execution_state` of the watch's status; a watch that never ran has neither. */
function executionOf(status: estypes.WatcherWatchStatus | undefined): Execution | null {
  if (status?.last_checked === undefined) return null;
  const at = new Date(status.last_checked).toISOString();
  // A watch whose alerts cannot be written counts as executed all the same.
  const { successful = true, reason = '' } = status.actions[OUR_ACTION]?.last_execution ?? {};
  if (!successful) return { at, result: 'failed', message: reason, gap: 0 };
  return { at, result: status.execution_state ?? 'unknown', message: '', gap: 0 };
}
