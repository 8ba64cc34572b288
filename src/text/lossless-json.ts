import { scanJson, type Span } from './json-tokens';

/*
 * JSON.parse rounds numbers: NXLog's Keywords, -9223372036854775808, would leave the 64 bits that the engines can read. Such numbers
 * are carried as strings with a mark that stands for "these digits, as a number".
 */

/** Turns numbers into marked strings and back. */
export interface NumberMarks {
  /** @param text JSON @param numbers where the numbers stand, in their order @returns JSON in which they are strings */
  readonly add: (text: string, numbers: readonly Span[]) => string;
  /** @param text JSON without blanks, as `JSON.stringify` writes it */
  readonly remove: (text: string) => string;
}

/** @param mark what no string in the JSON begins with: characters that neither JSON nor regular expressions escape */
export function numberMarks(mark: string): NumberMarks {
  // Within a string, a quote has a backslash before it.
  const marked = new RegExp(`(?<!\\\\)"${mark}([-+.\\deE]+)"`, 'gu');
  return {
    add(text, numbers) {
      let end = 0;
      const pieces = numbers.map((number) => {
        const before = text.slice(end, number.start);
        end = number.end;
        return `${before}"${mark}${text.slice(number.start, end)}"`;
      });
      return pieces.join('') + text.slice(end);
    },
    remove: (text) => text.replace(marked, '$1'),
  };
}

/** A character for private use, which no event of ours holds. */
const MARKS = numberMarks('\u{F0000}');

/**
 * Parses JSON; integers that a JavaScript number cannot hold survive until {@link writeJson}.
 * @throws SyntaxError as JSON.parse does
 */
export function parseJson(text: string): unknown {
  const rounded: unknown = JSON.parse(text);
  const large = scanJson(text).numbers.filter(({ start, end }) => isLargeInteger(text.slice(start, end)));
  return large.length === 0 ? rounded : (JSON.parse(MARKS.add(text, large)) as unknown);
}

/** The JSON text of a value from {@link parseJson}, on one line, with every integer as it was read. */
export function writeJson(value: unknown): string {
  return MARKS.remove(JSON.stringify(value));
}

function isLargeInteger(written: string): boolean {
  return /^-?\d+$/.test(written) && !Number.isSafeInteger(Number(written));
}
