import { accountCondition } from './account';
import { allOf, anyOf, negated, type Condition, type Pattern, type Test } from './condition';
import { hashesCondition } from './hashes';
import { integrityCondition } from './integrity';
import { anyMeaning, absent, whole, type Mapped, type Meaning } from './meaning';
import { isAny, plainText } from './pattern';
import type { SigmaField } from './taxonomy';

/**
 * Takes a condition on one Sigma field to ECS.
 * @param condition as the parser of values makes it: tests of that one field, joined by or, and, not
 */
export function toEcs(condition: Condition, field: SigmaField): Mapped {
  switch (condition.kind) {
    case 'field':
      return mapTest(condition.test, field);
    case 'not': {
      const of = toEcs(condition.of, field);
      return 'message' in of ? of : { condition: negated(whole(of)) };
    }
    case 'or':
    case 'and': {
      const parts: Meaning[] = [];
      for (const part of condition.of) {
        const mapped = toEcs(part, field);
        if ('message' in mapped) return mapped;
        parts.push(mapped);
      }
      const joined = condition.kind === 'or' ? anyMeaning(parts) : allOf(parts.map(whole));
      return joined === undefined ? { condition } : { condition: joined };
    }
  }
}

function mapTest(test: Test, field: SigmaField): Mapped {
  switch (field.kind) {
    case 'text':
    case 'pe':
      return { condition: orNoValue(leaf(field.field, test), test, field) };
    case 'number':
      return { condition: leaf(field.field, decimal(test)) };
    case 'integrity':
      return { condition: integrityCondition(field.field, test) };
    case 'account':
      return accountCondition(field.field, field.second, test);
    case 'hashes':
      return hashesCondition(test);
    case 'path':
      return pathMeaning(field, test);
  }
}

type PathField = Extract<SigmaField, { readonly second: string }>;

function leaf(field: string, test: Test): Condition {
  return { kind: 'field', field, test };
}

/** `C:\dir\x.exe` is one field; of some events only `x.exe` is known, in another. */
function pathMeaning({ field, second }: PathField, test: Test): Meaning {
  if (test.kind === 'exists') {
    return { condition: anyOf([leaf(field, test), leaf(second, test)]) ?? leaf(field, test) };
  }
  if (test.kind !== 'text') return { condition: leaf(field, test) };
  if (isNoValue(test.pattern)) {
    return { condition: anyOf([allOf([absent(field), absent(second)]), leaf(field, test)]) ?? leaf(field, test) };
  }
  const name = nameOfPath(test.pattern);
  if (name === undefined) return { condition: leaf(field, test) };
  return {
    condition: leaf(field, test),
    without: { field, condition: leaf(second, { ...test, pattern: name }) },
  };
}

/**
 * What the name of a file must be so that its path, whatever the folder, matches: of `*\x.exe` it is `x.exe`, of `*x*` `*x*`.
 * @returns undefined where the folder decides
 */
function nameOfPath(pattern: Pattern): Pattern | undefined {
  const [first, next, ...rest] = pattern;
  if (first === undefined || !('wildcard' in first) || first.wildcard !== 'many') return undefined;
  if (next === undefined || !('literal' in next)) return isAny(pattern) ? pattern : undefined;
  const name: Pattern = next.literal.startsWith('\\')
    ? [...(next.literal.length > 1 ? [{ literal: next.literal.slice(1) }] : []), ...rest]
    : pattern;
  const hasFolder = name.some((part) => 'literal' in part && /[\\/]/.test(part.literal));
  return hasFolder || name.length === 0 ? undefined : name;
}

/**
 * A rule writes `''`, `-` or `?` for "there is none", as the sources do; the pipelines leave such a value out. Of the version
 * information of a file only Sysmon knows that there is none.
 */
function orNoValue(asked: Condition, test: Test, field: { readonly kind: string; readonly field: string }): Condition {
  if (test.kind !== 'text' || !isNoValue(test.pattern)) return asked;
  const none =
    field.kind === 'text' || test.pattern.length === 0 ? absent(field.field) : allOf([absent(field.field), SYSMON]);
  return anyOf([none, asked]) ?? asked;
}

/** The event is one of Sysmon's. */
export const SYSMON: Condition = {
  kind: 'field',
  field: 'event.provider',
  test: { kind: 'text', pattern: [{ literal: 'Microsoft-Windows-Sysmon' }], cased: true },
};

/** `''`, `-` and `?`; the last is Sigma's wildcard of one character as well, and matches the `?` that Sysmon writes. */
function isNoValue(pattern: Pattern): boolean {
  const text = plainText(pattern);
  if (text !== undefined) return text === '' || text === '-' || text === '?';
  return pattern.length === 1 && pattern.every((part) => 'wildcard' in part && part.wildcard === 'one');
}

/** `0x1a4` is 420. */
function decimal(test: Test): Test {
  const text = test.kind === 'text' ? plainText(test.pattern) : undefined;
  return text !== undefined && /^0x[0-9a-f]{1,8}$/i.test(text) ? { kind: 'number', value: Number(text) } : test;
}
