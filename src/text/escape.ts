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
