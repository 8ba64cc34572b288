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
