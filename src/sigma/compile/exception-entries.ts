import type { Condition, Pattern, Test } from '../condition';
import type { Exception } from '../exceptions';
import { hasLetter, isAny, plainText } from '../pattern';

/** An entry of an exception item of Kibana; an event must meet all entries of an item. */
export type KibanaEntry = { readonly field: string; readonly operator: 'included' } & (
  | { readonly type: 'match' | 'wildcard'; readonly value: string }
  | { readonly type: 'match_any'; readonly value: readonly string[] }
  | { readonly type: 'exists' }
);

/** More items than this for one exception are no list that a person can read. */
const MOST_ITEMS = 20;

/**
 * An exception as items of a Kibana exception list, where they can say exactly the same.
 *
 * Kibana makes `match` a match_phrase query, `match_any` several, and `wildcard` a wildcard query, none of them with
 * case_insensitive: so a value with letters can be said only where its case counts (`|cased`). Neither can a `not`, a
 * regular expression, a network and an empty text.
 * Source: elastic/kibana, `build_exception_filter.ts`.
 * @returns the entries of each item, any of which silences; undefined where the exception has to go into the query
 */
export function toExceptionEntries({ condition }: Pick<Exception, 'condition'>): KibanaEntry[][] | undefined {
  const items = itemsOf(condition);
  return items === undefined || items.length > MOST_ITEMS ? undefined : items;
}

function itemsOf(condition: Condition): KibanaEntry[][] | undefined {
  switch (condition.kind) {
    case 'field': {
      const entry = entryOf(condition.field, condition.test);
      return entry === undefined ? undefined : [[entry]];
    }
    case 'not':
      return undefined;
    case 'or': {
      const items = known(condition.of.map(itemsOf))?.flat();
      return items === undefined ? undefined : merged(items);
    }
    case 'and':
      return known(condition.of.map(itemsOf))?.reduce((all, items) =>
        // Cut short what would be refused for its length anyway: it doubles with each step.
        all.flatMap((before) => items.map((after) => [...before, ...after])).slice(0, MOST_ITEMS + 1),
      );
  }
}

function known<T>(values: readonly (T | undefined)[]): T[] | undefined {
  const there = values.filter((value) => value !== undefined);
  return there.length === values.length ? there : undefined;
}

/** Items of one `match` each on the same field become one `match_any`. */
function merged(items: readonly KibanaEntry[][]): KibanaEntry[][] {
  const values = new Map<string, string[]>();
  const others: KibanaEntry[][] = [];
  for (const item of items) {
    const [only, ...more] = item;
    if (only?.type === 'match' && more.length === 0)
      values.set(only.field, [...(values.get(only.field) ?? []), only.value]);
    else others.push(item);
  }
  const lists = [...values].map(([field, [first = '', ...rest]]): KibanaEntry[] => [
    rest.length === 0
      ? { type: 'match', field, operator: 'included', value: first }
      : { type: 'match_any', field, operator: 'included', value: [first, ...rest] },
  ]);
  return [...lists, ...others];
}

function entryOf(field: string, test: Test): KibanaEntry | undefined {
  switch (test.kind) {
    case 'exists':
      return { type: 'exists', field, operator: 'included' };
    case 'number':
    case 'boolean':
      return { type: 'match', field, operator: 'included', value: String(test.value) };
    case 'regex':
    case 'cidr':
    case 'range':
    case 'same':
      return undefined;
    case 'text':
      return textEntry(field, test.pattern, test.cased);
  }
}

function textEntry(field: string, pattern: Pattern, cased: boolean): KibanaEntry | undefined {
  if (isAny(pattern)) return { type: 'exists', field, operator: 'included' };
  if (pattern.length === 0 || (!cased && hasLetter(pattern))) return undefined;
  const plain = plainText(pattern);
  if (plain !== undefined) return { type: 'match', field, operator: 'included', value: plain };
  const value = pattern
    .map((part) => {
      if ('literal' in part) return part.literal.replace(/[*?\\]/g, '\\$&');
      return part.wildcard === 'many' ? '*' : '?';
    })
    .join('');
  return { type: 'wildcard', field, operator: 'included', value };
}
