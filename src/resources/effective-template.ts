import type { Resource } from '../content/resource';
import { canonicalJson, isRecord, sha256, type JsonRecord } from '../json';
import type { Product } from '../cluster/cluster';
import { prepare } from '../cluster/translate';
import { MANAGED_BY } from './ownership';
import { listOf } from '../lists';

/** By what an index says of which settings and mappings it was made: it stands in `_meta` of its mappings. */
export interface CompositionMark {
  readonly managed_by: typeof MANAGED_BY;
  readonly mappings_digest: string;
  readonly settings_digest: string;
}

/** The ids of the component templates of an index template, in their order. */
export function componentsOf(body: JsonRecord): string[] {
  return listOf(body.composed_of).map(String);
}

/**
 * What a new index of a template is made of: settings and mappings of its components, then its own, merged.
 * @param template an index template
 * @param all the resources that hold its components; one that is missing adds nothing
 * @returns `{settings, mappings}` in canonical form, the mark in the mappings' `_meta`
 */
export function effectiveTemplate(template: Resource, all: readonly Resource[], product: Product): JsonRecord {
  const components = componentsOf(template.body).flatMap((id) =>
    all.filter((resource) => resource.kind === 'component_template' && resource.id === id),
  );
  const merged = [...components, template]
    .map((part) => normalizeTemplate(prepare(part, product).template))
    .reduce<JsonRecord>(mergeDeep, {});
  const mappings = isRecord(merged.mappings) ? merged.mappings : {};
  const mark: CompositionMark = {
    managed_by: MANAGED_BY,
    mappings_digest: digest(mappings),
    settings_digest: digest(merged.settings),
  };
  return { ...merged, mappings: { ...mappings, _meta: mark } };
}

/** The mark of the mappings of an index; undefined where it was not made from one of our templates. */
export function compositionMark(mappings: unknown): CompositionMark | undefined {
  const meta = isRecord(mappings) ? mappings._meta : undefined;
  if (!isRecord(meta) || meta.managed_by !== MANAGED_BY) return undefined;
  const { mappings_digest, settings_digest } = meta;
  return typeof mappings_digest === 'string' && typeof settings_digest === 'string'
    ? { managed_by: MANAGED_BY, mappings_digest, settings_digest }
    : undefined;
}

/** Whether two things were made of the same settings and mappings. */
export function sameComposition(left: JsonRecord, right: JsonRecord): boolean {
  const [one, other] = [compositionMark(left.mappings), compositionMark(right.mappings)];
  return one?.mappings_digest === other?.mappings_digest && one?.settings_digest === other?.settings_digest;
}

/** Leaf fields of a mapping: dotted path to definition, multi-fields included in it. */
export function leafFields(mappings: unknown): Map<string, JsonRecord> {
  const leaves = new Map<string, JsonRecord>();
  const walk = (properties: unknown, path: string): void => {
    if (!isRecord(properties)) return;
    for (const [name, definition] of Object.entries(properties)) {
      if (!isRecord(definition)) continue;
      const at = path === '' ? name : `${path}.${name}`;
      if (definition.properties === undefined) leaves.set(at, definition);
      else walk(definition.properties, at);
    }
  };
  walk(isRecord(mappings) ? mappings.properties : undefined, '');
  return leaves;
}

/** The index patterns of an index template. */
export function patternsOf(template: JsonRecord): string[] {
  return listOf(template.index_patterns).map(String);
}

function digest(part: unknown): string {
  return sha256(canonicalJson(part)).slice(0, 16);
}

function mergeDeep(under: JsonRecord, over: JsonRecord): JsonRecord {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const existing = merged[key];
    merged[key] = isRecord(existing) && isRecord(value) ? mergeDeep(existing, value) : value;
  }
  return merged;
}

/**
 * Index settings in one form: flat keys that begin with `index.`, values as strings, as every server gives them back
 * whatever way they were written.
 */
export function flatSettings(settings: unknown): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const walk = (value: unknown, key: string): void => {
    if (isRecord(value)) {
      for (const [step, member] of Object.entries(value)) walk(member, key === '' ? step : `${key}.${step}`);
    } else if (value !== null && value !== undefined) {
      flat[key.startsWith('index.') ? key : `index.${key}`] = Array.isArray(value)
        ? value.map(String)
        : scalarText(value);
    }
  };
  walk(settings, '');
  return flat;
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A `template` block (settings, mappings, aliases, lifecycle) with its settings in one form; empty parts are left out. */
export function normalizeTemplate(template: unknown): JsonRecord {
  if (!isRecord(template)) return {};
  const settings = flatSettings(template.settings);
  const parts = Object.entries(template).filter(
    ([key, part]) => key !== 'settings' && !(isRecord(part) && Object.keys(part).length === 0),
  );
  return { ...Object.fromEntries(parts), ...(Object.keys(settings).length > 0 && { settings }) };
}
