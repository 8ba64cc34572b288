import * as fc from 'fast-check';
import type { Detection, FlatDocument } from './sigma-evaluator';

/**
 * Random events, and random detections over their fields that often match some and not others. `FUZZ_SEED` asks for other
 * ones.
 */
export const SEED = Number(process.env.FUZZ_SEED ?? 20260722);
export const EVENTS = 200;

// Few letters, so that values often meet; among them all that folding, escaping and counting of characters may get wrong.
const LETTERS = [...Array.from('aAbBkKiIsSé'), 'É', 'K', 'İ', 'ı', 'ſ', 'ß', '😀', '\n'];
const MARKS = Array.from(' *?\\.-/–"\'[]()|+#@&<>~^${}:,_0');
const char = fc.oneof(
  { arbitrary: fc.constantFrom(...LETTERS), weight: 3 },
  { arbitrary: fc.constantFrom(...MARKS), weight: 1 },
);
const chars = (most: number): fc.Arbitrary<string> => fc.array(char, { maxLength: most }).map((list) => list.join(''));

export const TEXT_FIELDS = ['process.name', 'process.command_line', 'process.parent.command_line'] as const;
const address = fc.constantFrom('10.0.0.1', '10.0.0.200', '10.1.2.3', '192.168.0.1', '::1', 'fd00::1', 'fd00:1::2');
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | T[] | null | undefined> =>
  fc.oneof(
    { arbitrary: value, weight: 6 },
    { arbitrary: fc.array(value, { maxLength: 3 }), weight: 2 },
    { arbitrary: fc.constantFrom(null, undefined), weight: 1 },
  );

export const event: fc.Arbitrary<FlatDocument> = fc
  .record({
    'process.name': some(chars(4)),
    'process.command_line': some(chars(12)),
    'process.parent.command_line': some(chars(12)),
    'process.pid': some(fc.integer({ min: 0, max: 5 })),
    'source.ip': some(address),
  })
  .map(
    (record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as FlatDocument,
  );

export const events = fc.sample(event, { numRuns: EVENTS, seed: SEED });

/** A piece of a text that some event holds, so that engines' shortcuts for longer texts are reached. */
const heldText = fc
  .tuple(
    fc.constantFrom(...events.flatMap(textsOf)),
    fc.nat(5),
    fc.integer({ min: 1, max: 9 }),
    fc.constantFrom('as is', 'upper', 'lower'),
  )
  .map(([text, from, length, letterCase]) => {
    const piece = Array.from(text)
      .slice(from, from + length)
      .join('');
    if (letterCase === 'as is') return piece;
    return piece.replace(/[a-z]/gi, (letter) => (letterCase === 'upper' ? letter.toUpperCase() : letter.toLowerCase()));
  });

function textsOf(document: FlatDocument): string[] {
  return TEXT_FIELDS.flatMap((field) => [document[field] ?? []].flat()).filter((text) => typeof text === 'string');
}

const escaped = (text: string): string => text.replace(/[*?\\]/g, '\\$&');

/** A Sigma value: wildcards and escapes as they come, and often text that means itself, or all but one character of it. */
const value = fc.oneof(
  chars(3),
  chars(3).map(escaped),
  heldText.map(escaped),
  fc.tuple(heldText, fc.constantFrom('*', '?'), heldText).map(([a, wildcard, b]) => escaped(a) + wildcard + escaped(b)),
  heldText.map((text) => escaped(text).replace(/[a-zé ]/i, '?')),
  fc.constantFrom('*', '?', '', '??*', '\\', '\\\\*'),
);
const position = fc.constantFrom('', '|contains', '|startswith', '|endswith');
const oneOrMore = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));

// Regular expressions are built from parts, so that they are always of the supported language.
const classMember = fc.constantFrom('a', 'B', 'k', 'K', 'é', '0-9', 'a-i', '\\\\', '\\]', ' ', '\\d', '\\s', '.', '*');
const atom = fc.oneof(
  fc.constantFrom(
    'a',
    'A',
    'b',
    'k',
    'I',
    's',
    'é',
    '😀',
    '.',
    '\\.',
    '\\*',
    '\\\\',
    '\\/',
    '\\w',
    '\\W',
    '\\S',
    ' ',
    '"',
    '#',
    '@',
    '<',
    '~',
    '&',
    ':',
  ),
  fc
    .tuple(fc.constantFrom('', '^'), fc.array(classMember, { minLength: 1, maxLength: 3 }))
    .map(([not, members]) => `[${not}${members.join('')}]`),
);
const piece = fc
  .tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}'))
  .map((parts) => parts.join(''));
const sequence = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const grouped = fc.oneof(
  sequence,
  fc.tuple(sequence, sequence).map(([a, b]) => `(${a}|${b})+`),
  sequence.map((s) => `(?:${s})?a`),
);
const anchored = fc.tuple(fc.constantFrom('', '^'), grouped, fc.constantFrom('', '$')).map((parts) => parts.join(''));
const regex = fc.oneof(
  anchored,
  fc.tuple(anchored, anchored).map((parts) => parts.join('|')),
);

const textKey = (...modifiers: string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...TEXT_FIELDS), position, fc.constantFrom('', ...modifiers)).map((parts) => parts.join(''));
const item: fc.Arbitrary<[string, unknown]> = fc.oneof(
  { arbitrary: fc.tuple(textKey('|cased', '|windash'), oneOrMore(value)), weight: 6 },
  { arbitrary: fc.tuple(textKey('|all'), fc.array(value, { minLength: 2, maxLength: 3 })), weight: 2 },
  {
    arbitrary: fc.tuple(
      fc.constantFrom(...TEXT_FIELDS).map((name) => `${name}|re`),
      regex,
    ),
    weight: 3,
  },
  { arbitrary: fc.tuple(fc.constantFrom(...TEXT_FIELDS), oneOrMore(fc.constantFrom(null, '', 0))), weight: 1 },
  {
    arbitrary: fc.tuple(
      fc.constantFrom(...TEXT_FIELDS).map((name) => `${name}|exists`),
      fc.boolean(),
    ),
    weight: 1,
  },
  { arbitrary: fc.tuple(fc.constant('process.pid'), oneOrMore(fc.constantFrom(0, 1, 2, '3', '*', null))), weight: 1 },
  { arbitrary: fc.tuple(fc.constant('source.ip'), oneOrMore(address)), weight: 1 },
  {
    arbitrary: fc.tuple(
      fc.constant('source.ip|cidr'),
      oneOrMore(fc.constantFrom('10.0.0.0/8', '10.0.0.0/25', '::/97', 'fd00::/16', '192.168.0.1/32')),
    ),
    weight: 1,
  },
);
const map = fc.array(item, { minLength: 1, maxLength: 2 }).map((items) => Object.fromEntries(items));
const search = fc.oneof(map, fc.array(map, { minLength: 1, maxLength: 2 }));

/** Conditions that use every name, so that none is refused as unused. */
const condition = fc.constantFrom(
  'a and sel_b and not sel_c',
  'a or sel_b or sel_c',
  'a and not (sel_b or sel_c)',
  'not a or sel_b and sel_c',
  'not a and not sel_b and not sel_c',
  '1 of sel_* and a',
  'not all of sel_* and not not a',
  '1 of them',
  'all of them',
  'a or not 1 of sel_*',
  '(a or sel_b) and (not a or sel_c)',
);
export const detection: fc.Arbitrary<Detection> = fc.record({ a: search, sel_b: search, sel_c: search, condition });
