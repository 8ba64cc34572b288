import { isIP } from 'node:net';
import { join } from 'node:path';
import { readYaml, type Path } from '../content/yaml-file';
import { isRecord, valueAt } from '../json';
import type { Findings } from './findings';
import type { Modifiers } from './modifiers';
import { suggestion } from '../text/suggest';
import type { Condition, Test } from './condition';
import { isAny, plainText } from './pattern';

/** Mapping types by the full name of the field: `process.pid` is `long`. */
export type FieldTypes = ReadonlyMap<string, string>;

/** The template with the fields of our events. What it does not name is kept in a document, and found by no search. */
const TEMPLATE = 'mappings/component-templates/process_creation@mappings.yml';

export const TEXT_TYPES: ReadonlySet<string> = new Set(['keyword', 'wildcard', 'constant_keyword']);
export const WHOLE_TYPES: ReadonlySet<string> = new Set(['long', 'integer', 'short', 'byte', 'unsigned_long']);

/**
 * Reads which fields can be searched, and how.
 * @param root the folder that holds `mappings/`
 * @throws ProblemError INPUT, CONTENT_INVALID
 */
export function readFieldTypes(root: string): FieldTypes {
  const types = new Map<string, string>();
  const template = valueAt(readYaml(join(root, TEMPLATE)).value, ['template', 'mappings', 'properties']);
  collect(template, '', types);
  return types;
}

function collect(properties: unknown, prefix: string, types: Map<string, string>): void {
  if (!isRecord(properties)) return;
  for (const [name, mapping] of Object.entries(properties)) {
    const type = valueAt(mapping, ['type']);
    if (typeof type === 'string') types.set(prefix + name, type);
    collect(valueAt(mapping, ['properties']), `${prefix}${name}.`, types);
    collect(valueAt(mapping, ['fields']), `${prefix}${name}.`, types);
  }
}

/** Checks that an ECS field can be searched. */
export function checkMapped(field: string, path: Path, types: FieldTypes, findings: Findings): boolean {
  if (types.has(field)) return true;
  findings.add(path, `field "${field}" is not mapped: a search on it would never find anything`, near(field, types));
  return false;
}

/** A value of a detection, as it is written. */
export interface WrittenValue {
  readonly key: string;
  readonly field: string;
  readonly modifiers: Modifiers;
  readonly value: unknown;
}

/** Checks that a field's type is one that the comparison works on; on any other the engines find nothing, or refuse the search. */
export function checkValue(
  { key, field, modifiers, value }: WrittenValue,
  path: Path,
  types: FieldTypes,
  findings: Findings,
): void {
  const type = types.get(field) ?? '';
  if (modifiers.kind === 'fieldref' && typeof value === 'string' && !types.has(value)) {
    findings.add(path, `${key}: field "${value}" is not mapped`, near(value, types));
    return;
  }
  const hint = misfit(type, modifiers, value);
  if (hint !== undefined)
    findings.add(path, `${key}: ${JSON.stringify(value)} cannot be compared with a field of type ${type}`, hint);
}

function near(field: string, types: FieldTypes): string {
  const hint = suggestion(field, [...types.keys()]);
  return hint.startsWith('Did') ? hint : `Mapped fields are those of ${TEMPLATE}.`;
}

/** What to write instead, when a value does not fit the type of its field. */
function misfit(type: string, { kind, position }: Modifiers, value: unknown): string | undefined {
  if (value === null || typeof value === 'object' || kind === 'exists') return undefined;
  if (kind === 'fieldref') return undefined;
  if (kind === 'lt' || kind === 'lte' || kind === 'gt' || kind === 'gte') {
    return WHOLE_TYPES.has(type) ? undefined : `${kind} needs a field of numbers, such as process.pid.`;
  }
  if (kind === 'cidr') return type === 'ip' ? undefined : 'cidr needs a field of type ip, such as host.ip.';
  if (TEXT_TYPES.has(type)) return undefined;
  if (kind === 're' || position !== 'whole') return 'Only whole values can be compared there.';
  if (value === '*') return undefined;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  if (type === 'ip') return isIP(text) === 0 ? 'Write an address, or a network with the modifier cidr.' : undefined;
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'Write true or false, without quotes.';
  if (WHOLE_TYPES.has(type)) return /^-?\d{1,18}$/.test(text) ? undefined : 'Write a whole number.';
  return 'Rules compare fields of type keyword, wildcard, ip, boolean and whole numbers.';
}

/**
 * The same condition with each value in the form of its field: `'4711'` is a number to a `long`, 0 a text to a `keyword`,
 * an address a network of one. Query DSL takes either; EQL refuses to compare a field with another type.
 */
export function coerceValues(condition: Condition, types: FieldTypes): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, of: condition.of.map((part) => coerceValues(part, types)) };
    case 'not':
      return { kind: 'not', of: coerceValues(condition.of, types) };
    case 'field':
      return { ...condition, test: typedTest(condition.test, types.get(condition.field) ?? '') };
  }
}

function typedTest(test: Test, type: string): Test {
  if (test.kind === 'number' && TEXT_TYPES.has(type)) {
    return { kind: 'text', pattern: [{ literal: String(test.value) }], cased: false };
  }
  if (test.kind === 'boolean' && TEXT_TYPES.has(type)) {
    return { kind: 'text', pattern: [{ literal: String(test.value) }], cased: true };
  }
  if (test.kind !== 'text' || TEXT_TYPES.has(type)) return test;
  if (isAny(test.pattern)) return { kind: 'exists' };
  const text = plainText(test.pattern);
  if (text !== undefined && WHOLE_TYPES.has(type) && Number.isSafeInteger(Number(text)) && /^-?\d+$/.test(text)) {
    return { kind: 'number', value: Number(text) };
  }
  const version = text !== undefined && type === 'ip' ? isIP(text) : 0;
  return version === 0 ? test : { kind: 'cidr', network: `${text ?? ''}/${version === 4 ? 32 : 128}` };
}
