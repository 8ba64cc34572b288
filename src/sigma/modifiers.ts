import { suggestion } from '../text/suggest';

/** Where in a field's text a value is looked for. */
export type Position = 'whole' | 'contains' | 'startswith' | 'endswith';

/** What stands behind a field's name: `process.command_line|contains|all`. */
export interface Modifiers {
  readonly position: Position;
  /** How the value is read. */
  readonly kind: 'value' | 're' | 'cidr' | 'exists';
  /** Every value of the list must match, not just any. */
  readonly all: boolean;
  readonly cased: boolean;
  readonly windash: boolean;
}

export const MODIFIERS: readonly string[] = [
  'contains',
  'startswith',
  'endswith',
  'all',
  'cased',
  'windash',
  're',
  'cidr',
  'exists',
];

/** The rest of the Sigma specification (2.1): known, and refused with its name. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['i', 'm', 's', 'base64', 'base64offset', 'utf16le', 'utf16be', 'utf16', 'wide', 'lt', 'lte', 'gt', 'gte', 'neq'],
  ...['minute', 'hour', 'day', 'week', 'month', 'year', 'expand', 'fieldref'],
]);

/** What may not stand beside each other: at most one of each row. */
const EXCLUSIVE: readonly (readonly string[])[] = [
  ['contains', 'startswith', 'endswith', 're', 'cidr', 'exists'],
  ['cased', 're', 'cidr', 'exists'],
  ['windash', 're', 'cidr', 'exists'],
  ['all', 'exists'],
];

/** A field's name and its modifiers, or what is wrong with them. */
export type Key =
  { readonly field: string; readonly modifiers: Modifiers } | { readonly message: string; readonly hint: string };

const FIELD = /^[A-Za-z_@][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@-]+)*$/;

/** Reads a key of a search identifier. Their order does not matter: each has one meaning, whichever stands first. */
export function parseKey(key: string): Key {
  const [field = '', ...names] = key.split('|');
  if (field === '') {
    return {
      message: `"${key}" names no field: searches for words anywhere in an event are not supported`,
      hint: 'Name the ECS field that holds the text, such as process.command_line|contains.',
    };
  }
  if (!FIELD.test(field)) {
    return {
      message: `"${field}" is not a field's name`,
      hint: 'Write an ECS name: letters, digits and _ in parts joined by dots, such as process.parent.name.',
    };
  }
  for (const name of names) {
    if (MODIFIERS.includes(name)) continue;
    return REFUSED.has(name)
      ? { message: `modifier "${name}" is not supported`, hint: `Supported: ${MODIFIERS.join(', ')}.` }
      : { message: `there is no modifier "${name}"`, hint: suggestion(name, MODIFIERS) };
  }
  if (new Set(names).size < names.length) {
    return { message: `"${key}" has a modifier twice`, hint: 'Write each modifier once.' };
  }
  for (const row of EXCLUSIVE) {
    const [first, second] = row.filter((name) => names.includes(name));
    if (first !== undefined && second !== undefined) {
      return {
        message: `modifiers "${first}" and "${second}" exclude each other`,
        hint: 'Keep the one that is meant.',
      };
    }
  }
  const has = (name: string): boolean => names.includes(name);
  return {
    field,
    modifiers: {
      position: (['contains', 'startswith', 'endswith'] as const).find(has) ?? 'whole',
      kind: (['re', 'cidr', 'exists'] as const).find(has) ?? 'value',
      all: has('all'),
      cased: has('cased'),
      windash: has('windash'),
    },
  };
}
