import type { estypes } from '@elastic/elasticsearch';
import { isRecord } from '../../json';
import type { Body, Scope } from '../../resources/kind';
import { OUR_ACTION } from './watch-body';
import { watchesOf } from './watch-kind';
import { uuidOfWatch } from './ownership-marks';
import { cadenceOf, type Execution, type RuleState } from '../rule-state';

/**
 * How our watches are doing.
 * @param now milliseconds since 1970
 */
export async function watchRuleStates(scope: Scope, now: number): Promise<RuleState[]> {
  const found = await watchesOf(scope);
  return found.map(({ id, body, status }) => {
    const enabled = status?.state.active !== false;
    const metadata = isRecord(body.metadata) ? body.metadata : {};
    return {
      uuid: uuidOfWatch(id, scope.namespace),
      name: String(metadata.name),
      version: Number(metadata.version),
      scheduler: 'watcher',
      space: null,
      ...cadenceOf({ interval: intervalOf(body), enabled, execution: executionOf(status) }, now),
    };
  });
}

function intervalOf({ trigger }: Body): string | null {
  const schedule = isRecord(trigger) ? trigger.schedule : undefined;
  return isRecord(schedule) && typeof schedule.interval === 'string' ? schedule.interval : null;
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
