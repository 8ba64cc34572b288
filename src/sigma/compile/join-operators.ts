/** Parts in one expression without a bracket, beyond which parsers that recurse run out of depth. */
const MOST = 100;

/** Parts joined by an operator that can be regrouped, `a and b and c`; many of them in brackets, to keep the tree flat. */
export function joinOperators(parts: readonly string[], operator: string): string {
  if (parts.length <= MOST) return parts.join(` ${operator} `);
  const middle = Math.ceil(parts.length / 2);
  return `(${joinOperators(parts.slice(0, middle), operator)}) ${operator} (${joinOperators(parts.slice(middle), operator)})`;
}
