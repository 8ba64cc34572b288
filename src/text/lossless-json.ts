/*
 * JSON.parse rounds integers beyond 2^53: NXLog's Keywords, -9223372036854775808, would leave the 64 bits that the engines
 * can read. Such integers are carried as text with a mark that stands for "these digits, as a number".
 */

/** A character for private use, which no event holds by chance. */
const MARK = '\u{F0000}';

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARKED = new RegExp(`^"${MARK}(-?\\d+)"$`, 'u');

/**
 * Parses JSON; integers that a JavaScript number cannot hold survive until {@link writeJson}.
 * @throws SyntaxError as JSON.parse does
 */
export function parseJson(text: string): unknown {
  const rounded: unknown = JSON.parse(text);
  const marked = text.replace(TOKEN, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${MARK}${token}"` : token,
  );
  return marked === text ? rounded : (JSON.parse(marked) as unknown);
}

/** The JSON text of a value from {@link parseJson}, on one line, with every integer as it was read. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value).replace(TOKEN, (token) => MARKED.exec(token)?.[1] ?? token);
}
