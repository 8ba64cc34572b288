import type { Resource } from '../content/resource';
import { isRecord } from '../json';
import type { Product } from './cluster';

/*
 * Content is written once. What differs between the products stands in this file and nowhere else:
 *
 * | written                                   | Elasticsearch 8, 9 | OpenSearch 2.19, 3.x                                          |
 * |-------------------------------------------|--------------------|---------------------------------------------------------------|
 * | type: flattened                           | as written         | object, enabled: false (flat_object refuses scalars and long  |
 * |                                           |                    | values)                                                       |
 * | type: wildcard                            | as written         | doc_values: false (with them, a value over 32,766 bytes is    |
 * |                                           |                    | refused), and `.keyword` for sorting and grouping             |
 * | index.mode                                | as written         | left out (unknown setting)                                    |
 * | ignore_missing_component_templates        | as written         | left out, with those templates (unknown field)                |
 * | pipeline: ignore_missing_pipeline: true   | as written         | ignore_failure: true (unknown option); the call's own         |
 * |                                           |                    | on_failure does not run then                                  |
 */

/** The longest string (in UTF-16 units) that always fits the 32,766 bytes of a Lucene term. */
const LONGEST_TERM = 8191;

/**
 * The body of a resource as a product wants it; ownership marks are added elsewhere.
 * @param resource as read from its file; it is not changed
 * @param product what answers at the other end
 * @returns a new body, to be sent by PUT
 */
export function prepare(resource: Resource, product: Product): Record<string, unknown> {
  const body = structuredClone(resource.body);
  if (product === 'elasticsearch') return body;
  switch (resource.kind) {
    case 'ingest_pipeline':
      return pipelineForOpenSearch(body);
    case 'component_template':
      return templateForOpenSearch(body);
    case 'index_template':
      return templateForOpenSearch(withoutMissingComponents(body));
  }
}

function pipelineForOpenSearch(pipeline: Record<string, unknown>): Record<string, unknown> {
  return {
    ...pipeline,
    ...eachList(pipeline, ['processors', 'on_failure'], processorForOpenSearch),
  };
}

/** A processor is a map of one key, its type; it may hold other processors in `on_failure` and, for foreach, `processor`. */
function processorForOpenSearch(processor: unknown): unknown {
  if (!isRecord(processor)) return processor;
  return mapValues(processor, (options, type) => {
    if (!isRecord(options)) return options;
    const nested: Record<string, unknown> = {
      ...options,
      ...eachList(options, ['on_failure'], processorForOpenSearch),
    };
    if (type === 'foreach') nested.processor = processorForOpenSearch(nested.processor);
    return type === 'pipeline' ? callForOpenSearch(nested) : nested;
  });
}

function callForOpenSearch(options: Record<string, unknown>): Record<string, unknown> {
  const { ignore_missing_pipeline: ignoreMissing, ...call } = options;
  return ignoreMissing === true ? { ...call, ignore_failure: true } : call;
}

function withoutMissingComponents(template: Record<string, unknown>): Record<string, unknown> {
  const { ignore_missing_component_templates: optional, ...rest } = template;
  if (!Array.isArray(optional) || !Array.isArray(rest.composed_of)) return rest;
  return { ...rest, composed_of: rest.composed_of.filter((component) => !optional.includes(component)) };
}

function templateForOpenSearch(template: Record<string, unknown>): Record<string, unknown> {
  const inner = template.template;
  if (!isRecord(inner)) return template;
  const translated = { ...inner };
  if (isRecord(inner.settings)) translated.settings = settingsForOpenSearch(inner.settings);
  if (isRecord(inner.mappings)) translated.mappings = fieldsForOpenSearch(inner.mappings);
  return { ...template, template: translated };
}

/** Settings are written `index.mode: x` or `index: {mode: x}`. */
function settingsForOpenSearch(settings: Record<string, unknown>): Record<string, unknown> {
  const rest = without(settings, 'index.mode');
  return isRecord(rest.index) ? { ...rest, index: without(rest.index, 'mode') } : rest;
}

function without(map: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== name));
}

/** Translates each field below `properties`, at any depth. */
function fieldsForOpenSearch(parent: Record<string, unknown>): Record<string, unknown> {
  if (!isRecord(parent.properties)) return parent;
  return { ...parent, properties: mapValues(parent.properties, fieldForOpenSearch) };
}

function fieldForOpenSearch(field: unknown): unknown {
  if (!isRecord(field)) return field;
  switch (field.type) {
    case 'flattened':
      return { type: 'object', enabled: false };
    case 'wildcard':
      return {
        ...field,
        doc_values: false,
        fields: {
          keyword: { type: 'keyword', ignore_above: LONGEST_TERM },
          ...(isRecord(field.fields) ? field.fields : {}),
        },
      };
    default:
      return fieldsForOpenSearch(field);
  }
}

function mapValues(
  map: Record<string, unknown>,
  translate: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, translate(value, key)]));
}

/** The named lists of a map with every item translated; lists that are absent stay absent. */
function eachList(
  map: Record<string, unknown>,
  names: readonly string[],
  translate: (item: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const list = map[name];
      return Array.isArray(list) ? [[name, list.map(translate)]] : [];
    }),
  );
}
