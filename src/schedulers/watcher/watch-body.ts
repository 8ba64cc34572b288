import type { estypes } from '@elastic/elasticsearch';
import { sourcesOf } from '../../detections/group';
import { alertIndex } from '../../detections/indices';
import { ABSENT, messageParts, riskSources } from '../../detections/message';
import type { Rule } from '../../detections/rule';
import { alertBase, NUMBER_FIELDS } from '../../detections/alert-document';
import { ALERTS, SOMETHING_FOUND, SOMETHING_TO_WRITE } from './painless';
import { MOST_GROUPS, watchInput } from './search';

/** The action of ours; what else a watch does is whoever's added it. */
export const OUR_ACTION = 'alerts';

/** What a rule and its surroundings make of a watch: all that we decide of it. */
export type WatchBody = Pick<estypes.WatcherWatch, 'trigger' | 'input' | 'condition' | 'transform' | 'actions'>;

/**
 * The watch of a rule: it writes one alert document a group into the alert index, in the form and with the `_id` of the local
 * scheduler (docs/design.md, "Alert document"). `create`, never `index`: an alert that is there may hold what an analyst wrote on it. So
 * count, end and events of an alert are those of the run that wrote it.
 */
export function watchBody(
  rule: Rule,
  query: Readonly<Record<string, unknown>>,
  scope: { namespace: string; indices: readonly string[] },
): WatchBody {
  return {
    trigger: { schedule: { interval: rule.schedule.interval } },
    input: watchInput(rule, query, scope),
    condition: { script: { lang: 'painless', source: SOMETHING_FOUND } },
    transform: { script: { lang: 'painless', source: ALERTS, params: transformParams(rule) } },
    actions: {
      [OUR_ACTION]: {
        condition: { script: { lang: 'painless', source: SOMETHING_TO_WRITE } },
        index: { index: alertIndex(scope.namespace), op_type: 'create' },
      },
    },
  };
}

function transformParams(rule: Rule): Record<string, unknown> {
  return {
    rule: rule.uuid,
    frame: alertBase(rule),
    fields: rule.groupBy.map((name) => ({ from: sourcesOf(name), number: NUMBER_FIELDS.includes(name) })),
    message: messageParts(rule).map((part) => ('text' in part ? part : { from: sourcesOf(part.field) })),
    absent: ABSENT,
    risk: riskSources(rule),
    most: MOST_GROUPS,
    scheduler: 'watcher',
  };
}
