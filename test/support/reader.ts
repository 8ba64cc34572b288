/** A list of tokens that is read from left to right, for the small parsers of the evaluators. */
export class Reader {
  #at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  get next(): string | undefined {
    return this.tokens[this.#at];
  }

  /** Whether the next token is this one (whatever its case); it is read then. */
  took(token: string): boolean {
    if (this.next?.toLowerCase() !== token.toLowerCase()) return false;
    this.#at++;
    return true;
  }

  take(): string {
    const token = this.next;
    if (token === undefined) throw new Error('the query ends too early');
    this.#at++;
    return token;
  }

  need(...tokens: string[]): void {
    for (const token of tokens) if (!this.took(token)) throw new Error(`${token} expected, ${String(this.next)} found`);
  }

  /** Items until the closing bracket; the opening one is read already. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.took(',')) items.push(item());
    this.need(')');
    return items;
  }

  end(): void {
    if (this.next !== undefined) throw new Error(`the query goes on with ${this.next}`);
  }
}
