import { isRecord } from '../../json';
import type { Body, Scope } from '../../resources/kind';
import { ourMonitors } from './find-monitors';
import { isLeft, ownerOf, ruleOf } from './ownership-marks';
import type { RuleState } from '../rule-state';

/** How our monitors are doing: whether they are enabled. When one last ran, OpenSearch Alerting does not say. */
export async function monitorRuleStates({ cluster, namespace }: Scope): Promise<RuleState[]> {
  const found = await ourMonitors(cluster);
  return found.flatMap(({ monitor }): RuleState[] => {
    const owner = ownerOf(monitor);
    if (owner?.namespace !== namespace || isLeft(monitor)) return [];
    const rule = ruleOf(monitor);
    return [
      {
        uuid: owner.id,
        name: rule?.name ?? String(monitor.name),
        version: rule?.version ?? 0,
        interval: intervalOf(monitor),
        scheduler: 'opensearch-alerting',
        space: null,
        enabled: monitor.enabled !== false,
        watermark: null,
        behind: null,
        overdue: false,
        lastRun: null,
        execution: null,
        nextRun: null,
      },
    ];
  });
}

function intervalOf({ schedule }: Body): string | null {
  const period = isRecord(schedule) ? schedule.period : undefined;
  if (!isRecord(period)) return null;
  return `${String(period.interval)}${String(period.unit).charAt(0).toLowerCase()}`;
}
