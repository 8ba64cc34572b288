import { ProblemError } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import { chunk } from '../../lists';
import { refusedQueries } from './try-queries';
import { activeExceptions } from '../../sigma/exceptions';
import { stateIndex, defaultIndices } from '../../detections/indices';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import type { Desired, Kind, Live } from '../../resources/kind';
import { openAlertsOf } from '../alert-index-search';
import { digestOf, MANAGED_BY, only, unstamped } from '../../resources/ownership';
import { subFieldsFor } from '../../visibility/fields';
import { readStateDocuments, storedRuleId, type StoredRule } from './state';

const KEYS = ['rule', 'query', 'indices'];
const PREFIX = storedRuleId('');

/** The rules of the local scheduler: compiled, and stored as documents of the state index of their namespace. */
export const ruleKind: Kind = {
  name: 'detection_rule',

  async desired(scope, content) {
    const { namespace, now, indices } = scope;
    const { rules, exceptions = [] } = content;
    const subFields = await subFieldsFor(scope, content);
    return rules.map((rule): Desired => {
      const query = toQueryDsl(rule, activeExceptions(exceptions, rule.slug, now), subFields);
      return {
        id: rule.uuid,
        title: rule.name,
        body: { rule, query, indices: indices ?? defaultIndices(namespace) },
      };
    });
  },

  async list({ cluster, namespace }) {
    await cluster.client.indices.refresh({ index: stateIndex(namespace) }, { ignore: [404] });
    return (await readStateDocuments(cluster, namespace))
      .filter(({ _id }) => _id.startsWith(PREFIX))
      .map(({ _id, _source }): Live => ({
        id: _id.slice(PREFIX.length),
        title: isRecord(_source.rule) && typeof _source.rule.name === 'string' ? _source.rule.name : undefined,
        body: _source,
        ours: _source.managed_by === MANAGED_BY,
        digest: typeof _source.digest === 'string' ? _source.digest : undefined,
      }));
  },

  async put({ cluster, namespace }, desired) {
    for (const refusal of (await refusedQueries(cluster, [desired])).values()) throw refusal;
    await cluster.client.index({ ...documentOf(namespace, desired.id), refresh: true, document: documentFor(desired) });
  },

  batch: {
    from: 10,
    async put({ cluster, namespace }, desired) {
      const failed = new Map(await refusedQueries(cluster, desired));
      for (const some of chunk(
        desired.filter(({ id }) => !failed.has(id)),
        RULES_AT_ONCE,
      )) {
        const lines = some.flatMap((each) => [{ index: { _id: storedRuleId(each.id) } }, documentFor(each)]);
        const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
        const { items } = await cluster.client.bulk({ index: stateIndex(namespace), refresh: true, body });
        some.forEach(({ id }, index) => {
          const { status = 503, error } = items[index]?.index ?? {};
          const where = { url: `${cluster.url}/${stateIndex(namespace)}/_bulk`, method: 'POST', status };
          const message = `the rule could not be stored: ${error?.reason ?? 'no reason given'}`;
          if (status >= 300) failed.set(id, new ProblemError('REFUSED', [{ where, message }]));
        });
      }
      return failed;
    },
  },

  async remove({ cluster, namespace }, id) {
    await cluster.client.delete({ ...documentOf(namespace, id), refresh: true }, { ignore: [404] });
  },

  normalize: (body) => only(body, KEYS),
  refs: () => [],
  mark: (scope, { id }, { body }) => ruleKind.put(scope, { id, body: unstamped(body) }, 'update'),

  openAlerts: ({ cluster, namespace }, id) => openAlertsOf(cluster, namespace, id),
};

/** A rule as it is stored. */
function documentFor({ id, body }: Desired): StoredRule & JsonRecord {
  const about = { kind: 'rule', managed_by: MANAGED_BY, digest: digestOf('detection_rule', id, body) };
  return { ...about, ...body } as StoredRule & JsonRecord;
}

/** Rules of one bulk request; each is some ten kilobytes. */
const RULES_AT_ONCE = 100;

function documentOf(namespace: string, uuid: string): { index: string; id: string } {
  return { index: stateIndex(namespace), id: storedRuleId(uuid) };
}
