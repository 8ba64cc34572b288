import { isRecord } from '../../json';
import type { Kibana } from '../../cluster/kibana';
import { MANAGED_TAG, withoutSetupMark, withSetupMark } from './ownership-marks';
import { listOf } from '../../lists';
import { toCreateBody } from './rule-requests';
import type { Body } from '../../resources/kind';
import { MANAGED_BY } from '../../resources/ownership';

/**
 * Puts our tag and marks on a rule of the Detection Engine, and leaves everything else in it as it is.
 * @param live the rule as Kibana gave it
 */
export async function markKibanaRule(kibana: Kibana, space: string, namespace: string, live: Body): Promise<void> {
  const mark = { id: String(live.rule_id), namespace };
  const tags = listOf(live.tags).filter((tag) => tag !== MANAGED_TAG);
  const setup = typeof live.setup === 'string' ? withoutSetupMark(live.setup) : '';
  await kibana.ask({
    method: 'PUT',
    path: '/api/detection_engine/rules',
    space,
    body: {
      ...toCreateBody(live),
      rule_id: mark.id,
      tags: [...tags, MANAGED_TAG],
      setup: withSetupMark(setup, mark),
      meta: { ...(isRecord(live.meta) ? live.meta : {}), managed_by: MANAGED_BY, ...mark },
    },
  });
}
