import type { Path } from '../content/yaml-file';
import { allOf, anyOf, negated, type Condition } from './condition';
import { checkMapped, checkValue, type FieldTypes } from './field-types';
import type { Findings } from './findings';
import { anyMeaning, whole, type Mapped, type Meaning } from './meaning';
import { parseKey, type Modifiers } from './modifiers';
import { expanded, type Placeholders } from './placeholders';
import { KEYWORD_FIELDS, SIGMA_FIELDS, unknownField, type SigmaField, type Taxonomy } from './taxonomy';
import { toEcs } from './to-ecs';
import { parseValue } from './value';

/** What is known when a detection is read. */
export interface DetectionScope {
  /** Whose field names it uses; `either` where both are understood. */
  readonly taxonomy: Taxonomy | 'either';
  /** The fields that can be searched; without them fields are not checked. */
  readonly types?: FieldTypes | undefined;
  readonly placeholders?: Placeholders | undefined;
}

/** The name of the field in a key; none where it has none. */
export function fieldsOfKey(key: string): string[] {
  const parsed = parseKey(key);
  return 'message' in parsed || parsed.field === '' ? [] : [parsed.field];
}

/**
 * Reads one line of a search: a field with its modifiers, and its value or values.
 * @param key `CommandLine|contains|all`; without a field, words that are looked for in all of {@link KEYWORD_FIELDS}
 * @returns undefined when something is wrong; it is in `findings` then
 */
export function parseField(
  key: string,
  value: unknown,
  path: Path,
  findings: Findings,
  scope: DetectionScope,
): Condition | undefined {
  const parsed = parseKey(key);
  if ('message' in parsed) {
    findings.add(path, parsed.message, parsed.hint);
    return undefined;
  }
  const { field, modifiers } = parsed;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const place = (index: number): Path => (Array.isArray(value) ? [...path, index] : path);
  const meant = sigmaField(field, scope);
  if (meant === undefined) {
    const { message, hint } = unknownField(field, (name) => scope.types?.has(name) === true);
    findings.add(path, message, hint);
    return undefined;
  }
  if (meant === 'ecs' && scope.types !== undefined && !checkMapped(field, path, scope.types, findings))
    return undefined;
  if (values.length === 0) findings.add(path, `"${key}" has an empty list: it would never match`, 'Give it a value.');
  if (modifiers.all && values.length === 1) {
    findings.add(path, `"${key}" has one value only: "all" needs a list of two or more`, 'Leave "all" out.');
  }
  const read = (item: unknown): Mapped => readValue({ field, meant, modifiers }, item, scope);
  const meanings = values.map((item, index): Meaning | undefined => {
    const shown = key === '|contains' ? 'a word' : key;
    const alternatives = modifiers.expand ? expanded(item, scope.placeholders) : [item];
    if ('message' in alternatives) {
      findings.add(place(index), `${shown}: ${alternatives.message}`, alternatives.hint);
      return undefined;
    }
    const all: Meaning[] = [];
    for (const alternative of alternatives) {
      const mapped = read(alternative);
      if ('message' in mapped) {
        findings.add(place(index), `${shown}: ${mapped.message}`, mapped.hint);
        return undefined;
      }
      all.push(mapped);
      if (meant === 'ecs' && scope.types !== undefined) {
        checkValue({ key, field, modifiers, value: alternative }, place(index), scope.types, findings);
      }
    }
    const condition = anyMeaning(all);
    return all.length === 1 ? all[0] : condition && { condition };
  });
  const known = meanings.filter((meaning) => meaning !== undefined);
  if (known.length < values.length || known.length === 0) return undefined;
  const joined = modifiers.all ? allOf(known.map(whole)) : anyMeaning(known);
  return joined !== undefined && modifiers.neq ? negated(joined) : joined;
}

/** @returns undefined for a field that the taxonomy does not have */
function sigmaField(field: string, { taxonomy }: DetectionScope): SigmaField | 'ecs' | 'words' | undefined {
  if (field === '') return 'words';
  if (taxonomy === 'ecs') return 'ecs';
  const known = SIGMA_FIELDS.get(field);
  return known === undefined && taxonomy === 'either' ? 'ecs' : known;
}

interface Asked {
  readonly field: string;
  readonly meant: SigmaField | 'ecs' | 'words';
  readonly modifiers: Modifiers;
}

function readValue({ field, meant, modifiers }: Asked, item: unknown, scope: DetectionScope): Mapped {
  if (meant === 'words') return wordMeaning(item, modifiers);
  const value = parseValue(field, item, modifiers);
  if ('message' in value || meant === 'ecs') return value;
  return modifiers.kind === 'fieldref' ? referred(meant, item, modifiers, scope) : toEcs(value.condition, meant);
}

/** A word, anywhere in an event. */
function wordMeaning(item: unknown, modifiers: Modifiers): Mapped {
  const found = KEYWORD_FIELDS.map((field) => {
    const position = modifiers.position === 'whole' && modifiers.kind === 'value' ? 'contains' : modifiers.position;
    return parseValue(field, item, { ...modifiers, position });
  });
  const wrong = found.find((each) => 'message' in each);
  if (wrong !== undefined && 'message' in wrong) return wrong;
  const condition = anyOf(found.map((each) => ('condition' in each ? each.condition : undefined)));
  return condition === undefined ? { message: 'this word says nothing', hint: 'Give it a text.' } : { condition };
}

/** The same value in two fields of Sigma, each of which is one or two of ECS. */
function referred(meant: SigmaField, item: unknown, { position, cased }: Modifiers, scope: DetectionScope): Mapped {
  const other = typeof item === 'string' ? sigmaField(item, scope) : undefined;
  if (other === undefined || typeof other === 'string') {
    return unknownField(String(item), (name) => scope.types?.has(name) === true);
  }
  const [own, others] = [partsOf(meant), partsOf(other)];
  if (own.length === 0 || others.length === 0) {
    return { message: 'Hashes cannot be compared with another field', hint: 'Compare md5, sha1, sha256 or imphash.' };
  }
  const pairs = own.map((field, index): Condition | undefined => {
    const second = others[index];
    return second === undefined
      ? undefined
      : { kind: 'field', field, test: { kind: 'same', field: second, position, cased } };
  });
  const known = pairs.filter((pair) => pair !== undefined);
  const isAccount = meant.kind === 'account' && other.kind === 'account';
  const condition = isAccount ? allOf(known) : known[0];
  return condition === undefined
    ? { message: 'these fields have nothing in common', hint: 'Compare others.' }
    : { condition };
}

/** The ECS fields of a Sigma field, the one that says most first. */
function partsOf(field: SigmaField): string[] {
  if (field.kind === 'hashes') return [];
  return 'second' in field ? [field.field, field.second] : [field.field];
}
