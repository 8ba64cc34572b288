import { isRecord } from '../json';
import { componentsOf, effectiveTemplate } from './effective-template';
import { normalizeLifecycle, lifecycleOf } from './data-stream-lifecycle';
import type { Body } from './kind';
import { listedTemplates } from './listed-templates';
import { only, withoutMark } from './ownership';
import { normalizeTemplate } from './normalize-settings';
import { storedKind } from './stored-kind';

const KEYS = ['index_patterns', 'composed_of', 'priority', 'version', 'template', 'data_stream', '_meta'];

export const indexTemplate = storedKind({
  name: 'index_template',
  path: '/_index_template',
  entries: (answer) => listedTemplates(answer, 'index_template'),
  takesMeta: () => true,

  /** Each index made from it carries the digest of what it was made of: by that `data_stream` knows when to roll over. */
  complete(body, resource, all, scope) {
    const whole = effectiveTemplate(resource, all, scope.cluster.product);
    const mark = isRecord(whole.mappings) ? whole.mappings._meta : undefined;
    const template = isRecord(body.template) ? body.template : {};
    const mappings = isRecord(template.mappings) ? template.mappings : {};
    return {
      ...body,
      template: { ...template, ...lifecycleOf(body, scope), mappings: { ...mappings, _meta: mark } },
    };
  },

  normalize(body) {
    const kept = only(withoutMark(body), KEYS);
    return {
      ...kept,
      // Written or not, a server gives it back.
      composed_of: componentsOf(kept),
      template: normalizeLifecycle(normalizeTemplate(kept.template)),
      // Servers fill in `data_stream` (timestamp_field, hidden); all that counts for us is whether it is one.
      ...(isRecord(kept.data_stream) && { data_stream: {} }),
    };
  },

  refs: (body) => [...componentsOf(body), ...defaultPipelineOf(body)],
});

function defaultPipelineOf(body: Body): string[] {
  const { settings } = normalizeTemplate(body.template);
  const pipeline = isRecord(settings) ? settings['index.default_pipeline'] : undefined;
  return typeof pipeline === 'string' ? [pipeline] : [];
}
