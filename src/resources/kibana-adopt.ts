import { isRecord } from '../json';
import { DEFAULT_SPACE } from '../target/kibana';
import { kibanaId, MANAGED_TAG, withoutSetupMark, withSetupMark } from './kibana-names';
import { listOf } from './kibana-rule-canon';
import { asGiven } from './kibana-rule-sent';
import type { Body, Scope } from './kind';
import { MANAGED_BY } from './ownership';

/**
 * Puts our tag and marks on a rule of the Detection Engine, and leaves everything else in it as it is.
 * @param id as a plan shows it, with the space before it where that is not the default one
 * @param live the rule as Kibana gave it
 */
export async function markKibanaRule({ kibana, namespace }: Scope, id: string, live: Body): Promise<void> {
  if (kibana === undefined) throw new Error('the scheduler is kibana, and no Kibana is connected');
  const space = kibana.spaces.find((name) => name !== DEFAULT_SPACE && id.startsWith(`${name}/`)) ?? DEFAULT_SPACE;
  const ruleId = kibanaId(space, id);
  const mark = { id: ruleId, namespace };
  const tags = listOf(live.tags).filter((tag) => tag !== MANAGED_TAG);
  const setup = typeof live.setup === 'string' ? withoutSetupMark(live.setup) : '';
  await kibana.server.ask({
    method: 'PUT',
    path: '/api/detection_engine/rules',
    space,
    body: {
      ...asGiven(live),
      rule_id: ruleId,
      tags: [...tags, MANAGED_TAG],
      setup: withSetupMark(setup, mark),
      meta: { ...(isRecord(live.meta) ? live.meta : {}), managed_by: MANAGED_BY, ...mark },
    },
  });
}
