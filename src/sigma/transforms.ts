import type { Transform } from './modifiers';
import { parsePattern, plainText } from './pattern';

/** The values that a value becomes, each as it is written in a rule; or what is wrong with it. */
export type Transformed = readonly string[] | { readonly message: string; readonly hint: string };

/**
 * Applies the modifiers that change a value, in their order.
 * Source: Sigma specification, modifiers appendix 2.1, `windash` and "Encoding".
 */
export function transformed(value: string, transforms: readonly Transform[]): Transformed {
  let variants: readonly Variant[] = [{ text: value, encoding: 'utf8' }];
  for (const transform of transforms) {
    if (transform !== 'windash' && variants.some(({ text, encoding }) => encoding === 'utf8' && hasWildcard(text))) {
      return {
        message: `${transform} takes a value without wildcards`,
        hint: 'Write \\* and \\? where they stand for themselves.',
      };
    }
    const next = variants.map((variant) => applied(variant, transform));
    if (next.includes(undefined)) {
      return {
        message: `windash makes more than ${WINDASH_LIMIT} variants of this value`,
        hint: 'Look for each option by itself, in a list under |contains|windash|all.',
      };
    }
    variants = next.flatMap((each) => each ?? []);
  }
  return variants.map(({ text, encoding }) => (encoding === 'latin1' ? escaped(text) : text));
}

/** A value on its way: text of a rule, or bytes, one character each. */
interface Variant {
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

function applied(variant: Variant, transform: Transform): readonly Variant[] | undefined {
  switch (transform) {
    case 'windash':
      return windashVariants(variant.text)?.map((text) => ({ ...variant, text }));
    case 'wide':
    case 'utf16le':
      return [bytes(Buffer.from(plain(variant), 'utf16le'))];
    case 'utf16be':
      return [bytes(Buffer.from(plain(variant), 'utf16le').swap16())];
    case 'utf16':
      return [bytes(Buffer.from(`\uFEFF${plain(variant)}`, 'utf16le'))];
    case 'base64':
      return [bytes(Buffer.from(bytesOf(variant).toString('base64')))];
    case 'base64offset':
      return offsets(bytesOf(variant)).map((text) => bytes(Buffer.from(text)));
  }
}

function bytes(buffer: Buffer): Variant {
  return { text: buffer.toString('latin1'), encoding: 'latin1' };
}

function bytesOf(variant: Variant): Buffer {
  return Buffer.from(plain(variant), variant.encoding);
}

/** The text without its escapes. */
function plain({ text, encoding }: Variant): string {
  return encoding === 'latin1' ? text : (plainText(parsePattern(text)) ?? text);
}

function hasWildcard(text: string): boolean {
  return plainText(parsePattern(text)) === undefined;
}

/** As it is written in a rule. */
function escaped(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&');
}

/**
 * What Base64 makes of bytes that stand somewhere within others: it depends on how many stand before them, by three, and
 * at both ends on their neighbours. These are the parts that do not.
 */
function offsets(value: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), value]).toString('base64');
    const from = [0, 2, 3][shift];
    const end = [undefined, -3, -2][(value.length + shift) % 3];
    return encoded.slice(from, end);
  });
}

/** What Windows programs take for the dash of an option. Source: Sigma modifiers appendix 2.1, `windash`. */
const DASHES = ['-', '/', '–', '—', '―'];

/** More variants of one value than this is a rule gone wrong, and a query that no cluster should run. */
export const WINDASH_LIMIT = 125;

/**
 * A dash that begins an option: no letter or digit before it, one after it. A dash inside a word or a date is not one.
 * The Sigma specification leaves this open; the rule is that of its reference implementation, pySigma.
 */
const OPTION_DASH = /(?<![\p{L}\p{N}_])[-/–—―](?=[\p{L}\p{N}_])/gu;

/**
 * Every spelling of a value in which each option's dash is one of the five.
 * @returns at most {@link WINDASH_LIMIT} values, or undefined when there would be more
 */
export function windashVariants(value: string): string[] | undefined {
  const pieces = value.split(OPTION_DASH);
  if (DASHES.length ** (pieces.length - 1) > WINDASH_LIMIT) return undefined;
  return pieces.reduce<string[]>(
    (variants, piece, index) =>
      index === 0 ? [piece] : variants.flatMap((variant) => DASHES.map((dash) => variant + dash + piece)),
    [],
  );
}
