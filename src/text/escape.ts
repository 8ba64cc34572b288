/**
 * Characters that act on a terminal or reorder what is read: controls, format characters (the marks of the bidirectional
 * algorithm, zero-width characters), line and paragraph separators, lone surrogates. Command lines come from attackers.
 */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The text with every character that could act on a terminal written out: `\t`, `\n`, `\r`, else `\u{hex}`. */
export function escapeForTerminal(text: string): string {
  return text.replace(
    ACTIVE,
    (character) => SHORT[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** How many characters a text has: not UTF-16 units, of which half a pair would be shown as a question mark. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** The text in at most so many characters; the last is `…` where some are left out. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
