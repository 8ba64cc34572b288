import { allOf, anyOf, type Condition, type Pattern, type Test } from './condition';
import type { Mapped } from './meaning';

/** The kinds of hash that Sysmon writes, where each is in an event, and how many digits it has. */
const KINDS: ReadonlyMap<string, { readonly field: string; readonly digits: number }> = new Map([
  ['MD5', { field: 'process.hash.md5', digits: 32 }],
  ['SHA1', { field: 'process.hash.sha1', digits: 40 }],
  ['SHA256', { field: 'process.hash.sha256', digits: 64 }],
  ['IMPHASH', { field: 'process.pe.imphash', digits: 32 }],
]);

const HINT = 'Write KIND=digits, such as Hashes|contains: MD5=… (MD5, SHA1, SHA256, IMPHASH).';

const EXISTS: Test = { kind: 'exists' };

/**
 * A value of Sysmon's `Hashes`, `SHA1=…,MD5=…`, as a condition on the field of each kind: all that a value names must be there.
 * A hash of zeros stands for "unknown" and is left out by the pipelines, so it is asked for as an absent one.
 */
export function hashesCondition(test: Test): Mapped {
  if (test.kind === 'exists') return found(anyOf([...KINDS.values()].map(({ field }) => leaf(field, EXISTS))));
  if (test.kind !== 'text') return { message: 'Hashes cannot be compared with a regular expression', hint: HINT };
  const conditions = piecesOf(test.pattern).flatMap((piece) =>
    piece.text.split(',').map((part) => partOf(part, piece)),
  );
  const wrong = conditions.find((each) => each !== null && 'message' in each);
  if (wrong != null) return wrong;
  return found(
    allOf(conditions.filter((each) => each !== null).map((each) => ('condition' in each ? each.condition : undefined))),
  );
}

function found(condition: Condition | undefined): Mapped {
  return condition === undefined ? { message: 'this value names no hash', hint: HINT } : { condition };
}

interface Piece {
  readonly text: string;
  /** Whether anything may stand before it, and after it. */
  readonly opens: boolean;
  readonly closes: boolean;
}

/** The literal pieces between wildcards. */
function piecesOf(pattern: Pattern): Piece[] {
  return pattern.flatMap((part, index) =>
    'wildcard' in part ? [] : [{ text: part.literal, opens: index > 0, closes: index < pattern.length - 1 }],
  );
}

/** @returns null for what says nothing, as before a comma at the start */
function partOf(part: string, { opens, closes }: Piece): Mapped | null {
  const text = part.trim();
  if (text === '') return null;
  const [, kind, digits] = /^(?:(\w+)=)?([0-9a-f]*)$/i.exec(text) ?? [];
  if (digits === undefined) return { message: `"${text}" is not a hash`, hint: HINT };
  if (kind === undefined) return anywhere(digits.toLowerCase(), opens && closes);
  const known = KINDS.get(kind.toUpperCase());
  if (known === undefined) {
    return { message: `Sysmon writes no hash of the kind "${kind}"`, hint: HINT };
  }
  if (digits === '') return { condition: leaf(known.field, EXISTS) };
  if (digits.length > known.digits) {
    return { message: `${kind} has ${known.digits} digits, and this one ${digits.length}`, hint: 'Copy it again.' };
  }
  if (/^0+$/.test(digits) && digits.length === known.digits) {
    const others = [...KINDS.values()]
      .filter(({ field }) => field !== known.field)
      .map(({ field }) => leaf(field, EXISTS));
    return found(allOf([{ kind: 'not', of: leaf(known.field, EXISTS) }, anyOf(others)]));
  }
  return { condition: leaf(known.field, text256(digits.toLowerCase(), digits.length < known.digits)) };
}

/** Digits without a kind: a whole hash is compared with the kinds of its length, a part of one with all. */
function anywhere(digits: string, isOpen: boolean): Mapped {
  const fitting = [...KINDS.values()].filter((kind) => kind.digits === digits.length);
  if (fitting.length > 0) return found(anyOf(fitting.map(({ field }) => leaf(field, text256(digits, false)))));
  if (!isOpen) return { message: `"${digits}" is not a whole hash`, hint: HINT };
  const pattern: Pattern = [{ wildcard: 'many' }, { literal: digits }, { wildcard: 'many' }];
  return found(anyOf([...KINDS.values()].map(({ field }) => leaf(field, { kind: 'text', pattern, cased: false }))));
}

function text256(digits: string, isBeginning: boolean): Test {
  return {
    kind: 'text',
    pattern: [{ literal: digits }, ...(isBeginning ? [{ wildcard: 'many' } as const] : [])],
    cased: false,
  };
}

function leaf(field: string, test: Test): Condition {
  return { kind: 'field', field, test };
}
