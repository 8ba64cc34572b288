import { isIP } from 'node:net';
import type { Condition, Test } from './condition';
import { TEXT_TYPES, WHOLE_TYPES, type FieldTypes } from './field-types';
import { isAny } from './letters';
import { plainText } from './pattern';

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
