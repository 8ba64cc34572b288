import { suggestion } from '../text/suggest';

/** Where in a field's text a value is looked for. */
export type Position = 'whole' | 'contains' | 'startswith' | 'endswith';

/** What a value is turned into before it is compared; in the order of the key. */
export type Transform = (typeof TRANSFORMS)[number];
const TRANSFORMS = ['windash', 'base64', 'base64offset', 'utf16le', 'wide', 'utf16be', 'utf16'] as const;

/** A comparison of numbers. */
export type Comparison = (typeof COMPARISONS)[number];
const COMPARISONS = ['lt', 'lte', 'gt', 'gte'] as const;

/** What stands behind a field's name: `process.command_line|contains|all`. */
export interface Modifiers {
  readonly position: Position;
  /** How the value is read. */
  readonly kind: 'value' | 're' | 'cidr' | 'exists' | 'fieldref' | Comparison;
  /** Every value of the list must match, not just any. */
  readonly all: boolean;
  /** None of the values may match. */
  readonly neq: boolean;
  readonly cased: boolean;
  /** The value holds placeholders: `%name%`. */
  readonly expand: boolean;
  readonly transforms: readonly Transform[];
  /** Of a regular expression: `i`, `m` and `s`. */
  readonly flags: string;
}

const FLAGS = ['i', 'm', 's'] as const;
const POSITIONS = ['contains', 'startswith', 'endswith'] as const;
const KINDS = ['re', 'cidr', 'exists', 'fieldref', ...COMPARISONS] as const;

export const MODIFIERS: readonly string[] = [
  ...[
    'contains',
    'startswith',
    'endswith',
    'all',
    'cased',
    'neq',
    're',
    ...FLAGS,
    'cidr',
    'exists',
    'fieldref',
    'expand',
  ],
  ...TRANSFORMS,
  ...COMPARISONS,
];

/** The rest of the Sigma specification: known, and refused with its name. */
const TIMES: readonly string[] = ['minute', 'hour', 'day', 'week', 'month', 'year'];

/** What may not stand beside each other: at most one of each row. */
const EXCLUSIVE: readonly (readonly string[])[] = [
  ['contains', 'startswith', 'endswith', 're', 'cidr', 'exists', ...COMPARISONS],
  ['cased', 're', 'cidr', 'exists', ...COMPARISONS],
  ['base64', 'base64offset', 're', 'cidr', 'exists', 'fieldref', ...COMPARISONS],
  ['utf16le', 'wide', 'utf16be', 'utf16', 're', 'cidr', 'exists', 'fieldref', ...COMPARISONS],
  ['windash', 're', 'cidr', 'exists', 'fieldref', ...COMPARISONS],
  ['expand', 'exists', 'fieldref', ...COMPARISONS],
  ['fieldref', 're', 'cidr', 'exists', ...COMPARISONS],
  ['neq', 'exists'],
  ['all', 'exists'],
];

/** A field's name and its modifiers, or what is wrong with them. An empty name is that of a search for words. */
export type Key =
  { readonly field: string; readonly modifiers: Modifiers } | { readonly message: string; readonly hint: string };

const FIELD = /^[A-Za-z_@][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@-]+)*$/;

/** Where the specification describes modifiers; part of every refusal of one. */
export const SECTION = 'Sigma specification, modifiers appendix 2.1';

/**
 * Reads a key of a search identifier. Their order matters for those that change the value alone.
 * Source: Sigma specification, modifiers appendix 2.1.
 */
export function parseKey(key: string): Key {
  const [field = '', ...names] = key.split('|');
  if (field === '' && names.length === 0)
    return { message: 'a key names no field', hint: 'Write the name of a field.' };
  if (field !== '' && !FIELD.test(field)) {
    return {
      message: `"${field}" is not a field's name`,
      hint: 'Write letters, digits and _ in parts joined by dots, such as CommandLine or process.parent.name.',
    };
  }
  const problem = unknownModifier(names) ?? repeated(key, names) ?? excluded(names) ?? incomplete(field, names);
  if (problem !== undefined) return problem;
  const has = (name: string): boolean => names.includes(name);
  return {
    field,
    modifiers: {
      position: POSITIONS.find(has) ?? 'whole',
      kind: KINDS.find(has) ?? 'value',
      all: has('all'),
      neq: has('neq'),
      cased: has('cased'),
      expand: has('expand'),
      transforms: names.filter((name): name is Transform => (TRANSFORMS as readonly string[]).includes(name)),
      flags: FLAGS.filter(has).join(''),
    },
  };
}

interface Refusal {
  readonly message: string;
  readonly hint: string;
}

function unknownModifier(names: readonly string[]): Refusal | undefined {
  const name = names.find((each) => !MODIFIERS.includes(each));
  if (name === undefined) return undefined;
  return TIMES.includes(name)
    ? {
        message: `modifier "${name}" is not supported (${SECTION}, "Time Modifiers")`,
        hint: 'A rule looks at what an event says, not at when it happened.',
      }
    : { message: `there is no modifier "${name}"`, hint: suggestion(name, MODIFIERS) };
}

function repeated(key: string, names: readonly string[]): Refusal | undefined {
  if (new Set(names).size === names.length) return undefined;
  return { message: `"${key}" has a modifier twice`, hint: 'Write each modifier once.' };
}

function excluded(names: readonly string[]): Refusal | undefined {
  for (const row of EXCLUSIVE) {
    const [first, second] = row.filter((name) => names.includes(name));
    if (first !== undefined && second !== undefined) {
      return {
        message: `modifiers "${first}" and "${second}" exclude each other`,
        hint: 'Keep the one that is meant.',
      };
    }
  }
  return undefined;
}

function incomplete(field: string, names: readonly string[]): Refusal | undefined {
  const flag = FLAGS.find((name) => names.includes(name));
  if (flag !== undefined && !names.includes('re')) {
    return {
      message: `modifier "${flag}" needs "re" (${SECTION}, "Regular Expression")`,
      hint: `Write re|${flag}.`,
    };
  }
  const needsField = ['exists', 'fieldref', 'cidr', ...COMPARISONS].find((name) => names.includes(name));
  return field === '' && needsField !== undefined
    ? { message: `modifier "${needsField}" needs a field`, hint: 'Write the name of a field before it.' }
    : undefined;
}
