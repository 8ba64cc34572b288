import { BlockList, isIP } from 'node:net';
import type { Condition, Test } from '../condition';
import { describeTest } from './describe';
import { scalarsAt } from '../../json';
import { joinParts, MANY } from '../pattern';
import { patternSpan, regexSpan, type Span } from '../span';

/** A value of an event, and what of a rule it met. */
export interface Met {
  readonly field: string;
  /** What was asked of it: `contains " call "`. */
  readonly test: string;
  readonly value: string;
  /** Which part of the value met it, in UTF-16 code units; the whole where no part is meant. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Holds a condition against one event, as the engines do with the query that is made of it, and says why it holds. What holds
 * because something is not there (`not`) has nothing to show.
 * @param document an event's `_source`; nested, dotted, or mixed
 * @returns everything that met a test, in the order of the rule; undefined where the condition does not hold
 */
export function evaluate(condition: Condition, document: unknown): readonly Met[] | undefined {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.of.map((part) => evaluate(part, document));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case 'or': {
      const parts = condition.of.map((part) => evaluate(part, document)).filter((part) => part !== undefined);
      return parts.length === 0 ? undefined : parts.flat();
    }
    case 'not':
      return evaluate(condition.of, document) === undefined ? [] : undefined;
    case 'field': {
      const { field, test } = condition;
      const met = scalarsAt(document, field).flatMap((value): Met[] => {
        const span = spanOf(test, value, document);
        return span === undefined ? [] : [{ field, test: describeTest(test), value: String(value), ...span }];
      });
      return met.length === 0 ? undefined : met;
    }
  }
}

function spanOf(test: Test, value: string | number | boolean, document: unknown): Span | undefined {
  const text = String(value);
  const whole = { offset: 0, length: text.length };
  switch (test.kind) {
    case 'exists':
      return whole;
    case 'number':
    case 'boolean':
      return text === String(test.value) ? whole : undefined;
    case 'text':
      return patternSpan(test.pattern, test.cased, text);
    case 'regex':
      return regexSpan(test.regex, text);
    case 'cidr':
      return isWithin(test.network, text) ? whole : undefined;
    case 'range':
      return text.trim() !== '' && isInRange(Number(text), test) ? whole : undefined;
    case 'same':
      return scalarsAt(document, test.field).flatMap((other) => sameSpan(test, String(other), text) ?? [])[0];
  }
}

function isInRange(value: number, { operator, value: bound }: Extract<Test, { kind: 'range' }>): boolean {
  switch (operator) {
    case 'lt':
      return value < bound;
    case 'lte':
      return value <= bound;
    case 'gt':
      return value > bound;
    case 'gte':
      return value >= bound;
  }
}

function sameSpan({ position, cased }: Extract<Test, { kind: 'same' }>, other: string, text: string): Span | undefined {
  const before = position === 'contains' || position === 'endswith' ? [MANY] : [];
  const after = position === 'contains' || position === 'startswith' ? [MANY] : [];
  return patternSpan(joinParts([...before, { literal: other }, ...after]), cased, text);
}

function isWithin(network: string, address: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (isIP(address) === 0) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), isIP(base) === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
