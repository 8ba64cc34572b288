import { componentTemplate, indexTemplate, ingestPipeline } from '../resources/content-kinds';
import { dataStream } from '../resources/data-stream';
import { dataStreamLifecycle } from '../resources/data-stream-lifecycle';
import { detectionRule } from './local/rule-kind';
import { exceptionItems, exceptionLists } from './kibana/exceptions';
import { kibanaRules, spacesOf } from './kibana/rule-kind';
import type { Kind, Scope } from '../resources/kind';
import { monitor } from './opensearch-alerting/monitor-kind';
import { leavingMonitor, leftMonitor } from './opensearch-alerting/retired-monitor';
import { plainIndex } from '../resources/plain-index';
import { watch } from './watcher/watch-kind';

/** What runs nowhere but on the cluster itself, whatever the scheduler. */
const ON_CLUSTER: readonly (readonly Kind[])[] = [
  [componentTemplate, ingestPipeline],
  [indexTemplate],
  [dataStream, plainIndex, dataStreamLifecycle],
];

/**
 * The order in which things are applied; deletions go through it backwards.
 *
 *   component_template   ingest_pipeline
 *            └───────┬────────┘
 *             index_template
 *            ┌───────┴────────┐
 *       data_stream         index      bring a changed template to what exists, and a retention (data_stream_lifecycle)
 *            └───────┬────────┘
 *                    │ exception_list   ┐
 *                    │ exception_item   │ in every space of Kibana, where that runs the rules
 *             detection_rule            ┘
 *             (or monitor in OpenSearch Alerting, watch in Watcher)
 */
export function levelsOf(scope: Scope): readonly (readonly Kind[])[] {
  const left = scope.scheduler === 'opensearch-alerting' ? [] : [[leftMonitor]];
  return [...ON_CLUSTER, ...left, ...ruleLevels(scope)];
}

/** What becomes of the rules of a scope when they leave its scheduler: of these kinds nothing of the content is wanted there. */
export function leavingKinds(scope: Scope): readonly Kind[] {
  return scope.scheduler === 'opensearch-alerting' ? [leavingMonitor] : ruleKinds(scope);
}

/** The kinds of rules, and of what belongs to them, on the scheduler of a scope. */
export function ruleKinds(scope: Scope): readonly Kind[] {
  return ruleLevels(scope).flat();
}

/** The kinds that differ from scheduler to scheduler: the rules, and what belongs to them. */
function ruleLevels(scope: Scope): readonly (readonly Kind[])[] {
  const { scheduler = 'local', kibana } = scope;
  if (scheduler === 'local') return [[detectionRule]];
  if (scheduler === 'watcher') return [[watch]];
  if (scheduler === 'opensearch-alerting') return [[monitor]];
  if (kibana === undefined) throw new Error('the scheduler is kibana, and no Kibana is connected');
  const { server, formerSpaces = [] } = kibana;
  const inEverySpace = (kind: typeof kibanaRules): Kind[] =>
    spacesOf(scope).map((space) => (formerSpaces.includes(space) ? emptied(kind(server, space)) : kind(server, space)));
  return [inEverySpace(exceptionLists), inEverySpace(exceptionItems), inEverySpace(kibanaRules)];
}

/** A kind of which nothing is wanted where it is: what is there is left over. */
function emptied(kind: Kind): Kind {
  return { ...kind, desired: () => Promise.resolve([]) };
}
