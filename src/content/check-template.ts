import type { Problem } from '../errors';
import { isRecord } from '../json';
import type { SourcedResource } from './resource';
import type { Path } from './yaml-file';
import { stringsOf } from '../lists';

const COMPONENT_KEYS: ReadonlySet<string> = new Set(['template', 'version']);
const INDEX_KEYS: ReadonlySet<string> = new Set([
  'index_patterns',
  'composed_of',
  'ignore_missing_component_templates',
  'priority',
  'data_stream',
  'template',
  'version',
]);
const INNER_KEYS: ReadonlySet<string> = new Set(['settings', 'mappings', 'aliases']);

/** Elastic's own `logs-*-*` template has 100 and Fleet's have 200: below, theirs would win. */
const LEAST_PRIORITY = 201;

/**
 * Checks one component or index template by itself; what it names is checked in references.ts.
 * @returns every problem with its place
 */
export function checkTemplate(template: SourcedResource): readonly Problem[] {
  const { body } = template;
  const problems: Problem[] = [];
  const say = (path: Path, message: string, hint?: string) =>
    problems.push({ where: template.source.placeOf(path), message, hint });
  const onlyKeys = (map: Record<string, unknown>, known: ReadonlySet<string>, path: Path) => {
    for (const key of Object.keys(map).filter((name) => !known.has(name))) {
      const hint = key === '_meta' ? 'deploy writes the ownership mark itself.' : `Known: ${[...known].join(', ')}.`;
      say([...path, key], `"${key}" does not belong here`, hint);
    }
  };

  const isIndexTemplate = template.kind === 'index_template';
  onlyKeys(body, isIndexTemplate ? INDEX_KEYS : COMPONENT_KEYS, []);
  if (isRecord(body.template)) onlyKeys(body.template, INNER_KEYS, ['template']);
  else if ('template' in body || !isIndexTemplate) say(['template'], 'template is a map of settings and mappings');

  if (isIndexTemplate) {
    if (stringsOf(body.index_patterns).length === 0) {
      say(['index_patterns'], 'index_patterns is a list of at least one pattern');
    }
    if ('composed_of' in body && !isStrings(body.composed_of)) {
      say(['composed_of'], 'composed_of is a list of component template ids');
    }
    if (typeof body.priority !== 'number' || body.priority < LEAST_PRIORITY) {
      const hint = `Elastic's built-in templates for logs-* have 100 and Fleet's 200: below ${LEAST_PRIORITY} theirs win.`;
      say(['priority'], `an index template needs a priority of at least ${LEAST_PRIORITY}`, hint);
    }
    if ('data_stream' in body && !isRecord(body.data_stream)) {
      say(['data_stream'], 'data_stream is a map; `data_stream: {}` is enough');
    }
  }
  return problems;
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && stringsOf(value).length === value.length;
}
