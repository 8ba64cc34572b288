import { allOf, anyOf, type Condition, type Pattern, type PatternPart, type Test } from './condition';
import { isAny, joinParts, MANY, plainText } from './pattern';
import type { Mapped } from './meaning';

/**
 * A value of `User` or `ParentUser`, which is `DOMAIN\name` in Sysmon and two fields in ECS:
 *
 *   value               asks
 *   CONTOSO\bob         domain CONTOSO and name bob
 *   CONTOSO\*           domain CONTOSO
 *   *\bob               name bob
 *   *AUTHORI*           name *AUTHORI* or domain *AUTHORI*
 *   bob                 name bob, in any domain or in none: event 4688 and FDR have the name alone
 *
 * A wildcard may stand for the backslash, so each place where the value can be cut in two is an alternative.
 */
export function accountCondition(name: string, domain: string, test: Test): Mapped {
  switch (test.kind) {
    case 'exists':
      return { condition: either([leaf(name, test), leaf(domain, test)], leaf(name, test)) };
    case 'text':
      return { condition: accountText(name, domain, test.pattern, test.cased) };
    case 'number':
      return { condition: accountText(name, domain, [{ literal: String(test.value) }], false) };
    default:
      return {
        message: 'a user cannot be compared with this kind of value',
        hint: 'User is a domain and a name in two fields: use contains, startswith, endswith, or * and ?.',
      };
  }
}

function accountText(name: string, domain: string, pattern: Pattern, cased: boolean): Condition {
  const asked = (field: string, part: Pattern): Condition =>
    isAny(part) ? leaf(field, { kind: 'exists' }) : leaf(field, { kind: 'text', pattern: part, cased });
  if (pattern.length === 0 || plainText(pattern) === '-') {
    const none = allOf(
      [name, domain].map((field): Condition => ({ kind: 'not', of: leaf(field, { kind: 'exists' }) })),
    );
    return none ?? asked(name, pattern);
  }
  const alternatives = new Map<string, Condition>();
  const add = (condition: Condition | undefined): void => {
    if (condition !== undefined) alternatives.set(JSON.stringify(condition), condition);
  };
  if (!hasBackslash(pattern)) add(asked(name, pattern));
  for (const [left, right] of cuts(pattern)) {
    if (hasBackslash(left) || hasBackslash(right)) continue;
    // What is asked of one half alone is met whether or not the other is known.
    if (isAny(left)) add(asked(name, right));
    else if (isAny(right)) add(asked(domain, left));
    else add(allOf([asked(domain, left), asked(name, right)]));
  }
  return either([...alternatives.values()], asked(name, pattern));
}

/** The ways to cut a pattern at the backslash between domain and name. */
function cuts(pattern: Pattern): [Pattern, Pattern][] {
  return pattern.flatMap((part, index): [Pattern, Pattern][] => {
    const before = pattern.slice(0, index);
    const after = pattern.slice(index + 1);
    if ('wildcard' in part) {
      const own: PatternPart[] = part.wildcard === 'many' ? [MANY] : [];
      return [[joinParts([...before, ...own]), joinParts([...own, ...after])]];
    }
    return Array.from(part.literal.matchAll(/\\/g), ({ index: at }): [Pattern, Pattern] => [
      joinParts([...before, { literal: part.literal.slice(0, at) }]),
      joinParts([{ literal: part.literal.slice(at + 1) }, ...after]),
    ]);
  });
}

function hasBackslash(pattern: Pattern): boolean {
  return pattern.some((part) => 'literal' in part && part.literal.includes('\\'));
}

function leaf(field: string, test: Test): Condition {
  return { kind: 'field', field, test };
}

function either(conditions: readonly Condition[], otherwise: Condition): Condition {
  return anyOf(conditions) ?? otherwise;
}
