/** What a string means. @param written UTF-8, with its quotes */
export function textOf(written: Buffer): string {
  const text = written.toString();
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** A string in the one way that the canonical form has, which is the shortest. @param text what it means */
export function canonicalOf(text: string): Buffer {
  return Buffer.from(JSON.stringify(text));
}
