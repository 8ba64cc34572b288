import { anyOf, type Condition, type Test } from './condition';
import { patternSpan, regexSpan } from './span';
import { INTEGRITY_LEVELS } from './taxonomy';

/**
 * A value of `IntegrityLevel`. Events hold the word, whatever their source wrote (event 4688 a SID, FDR a number); a rule may
 * use any of these forms, and asks for the levels that its value means in one of them.
 */
export function integrityCondition(field: string, test: Test): Condition {
  const asked: Condition = { kind: 'field', field, test };
  if (test.kind === 'exists') return asked;
  const meant = INTEGRITY_LEVELS.filter(([name, level]) => formsOf(name, level).some((form) => meets(form, test)));
  const words = meant.map(([name]): Condition => ({
    kind: 'field',
    field,
    test: { kind: 'text', pattern: [{ literal: name }], cased: false },
  }));
  return anyOf(words) ?? asked;
}

function formsOf(name: string, level: number): string[] {
  return [name, `S-1-16-${level}`, String(level)];
}

function meets(form: string, test: Test): boolean {
  switch (test.kind) {
    case 'text':
      return patternSpan(test.pattern, test.cased, form) !== undefined;
    case 'regex':
      return regexSpan(test.regex, form) !== undefined;
    case 'number':
      return form === String(test.value);
    default:
      return false;
  }
}
