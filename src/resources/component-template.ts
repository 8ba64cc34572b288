import { only, withoutMark } from './ownership';
import { normalizeTemplate } from './normalize-settings';
import { storedKind } from './stored-kind';
import { listedTemplates } from './listed-templates';

const KEYS = ['template', 'version', '_meta'];

export const componentTemplate = storedKind({
  name: 'component_template',
  path: '/_component_template',
  entries: (answer) => listedTemplates(answer, 'component_template'),
  takesMeta: () => true,
  normalize(body) {
    const kept = only(withoutMark(body), KEYS);
    return { ...kept, template: normalizeTemplate(kept.template) };
  },
  refs: () => [],
});
