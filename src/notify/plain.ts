import { cut, escapeForTerminal } from '../text/escape';

/**
 * Mentions that would call people: `@everyone`, `@here` and the like anywhere, `@name` at the beginning of a word, and Slack's and
 * Discord's `<!…`, `<@…`, `<#…`. They come from command lines that attackers chose.
 */
const MENTION = /@(?=(?:everyone|here|channel|all|group)\b)|(?<![\p{L}\p{N}_])@(?=[\p{L}\p{N}_])|<(?=[!@#])/giu;

/**
 * A text of an event, for a message that people read: what acts on a terminal or reorders text is written out (`\u{202e}`), and so
 * is the sign that makes a mention (`\u{40}everyone`). It has one line.
 * @param most the number of characters; the last is `…` where some are left out
 */
export function plain(text: string, most: number): string {
  const written = escapeForTerminal(text).replace(MENTION, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`);
  return cut(written, most);
}
