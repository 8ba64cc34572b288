import * as fc from 'fast-check';
import { isRecord } from '../../src/json';

/*
 * Mutations of a JSON document, for the fuzz of the pipelines. Each is data, so that fast-check can shrink a list of them; places
 * are numbers, counted among those that the document has when the mutation comes to it.
 */
export type Json = Record<string, unknown>;

const NUL = '\u0000';

/** A value that no event holds by chance: where it was sent, it must be found again. */
export const MARK = 'q7zx-kept-19';

/** Values that are wrong, huge, or odd in any field. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 5, 1.5, 2 ** 31, Number.MAX_SAFE_INTEGER, 1e300, -62135596800001, 253402300800000],
  ...['', ' ', '-', '?', 'x', '0x', '0xzz', `0x${'f'.repeat(40)}`, '9'.repeat(30), '1741598071719', '1.5e9'],
  ...[[], {}, [[]], [{}], [{ a: 1 }], ['a', 'b'], ['a', { b: 1 }], [null], { a: { b: { c: [1, { d: 2 }] } } }],
  ...[
    { '': 1 },
    { ' ': 1 },
    { 'a.b': 1 },
    { '.': 1 },
    { [`a${NUL}`]: 1 },
    { name: { first: 'x' } },
    { pid: 'four', os: 1 },
  ],
  ...[NUL, `a${NUL}b`, '\ud800', 'x\udc00y', '\u202e', '\ufeff', '😀', 'İſK', '\r\n', '\u2028'],
  ...['語'.repeat(32_767), 'a'.repeat(40_000), '"'.repeat(500), `${'\\'.repeat(501)}"`, ' '.repeat(9000)],
  ...['2020-02-31 00:00:00', '2020-13-01T00:00:00Z', '2020-01-01T00:00:00+25:00', '0000-00-00 00:00:00'],
  ...['9999-12-31T23:59:59.999999999Z', '13/41/2020 99:99:99 XM', '03/10/2025 09:14:31 AM'],
  ...['<Event', '<Event>', '<Event><System><EventID>1', '{', '{"a":', '[1]', '{}', 'EventCode=4688\nLogName=Security'],
  ...['not ip', '::1', ['1.2.3.4', 'x'], 'S-1-0-0', 'S-1-', `{${'0'.repeat(36)}}`, 'MD5=,=,SHA1', '\\', '\\\\', '/'],
];

/**
 * Names of fields: odd ones (half a surrogate pair in a name is what no engine parses),
 * those of ECS, of the shapes, of the engine, and our temporary ones.
 */
export const NAMES: readonly string[] = [
  ...['', '  ', '.', '..', 'a.', '.a', 'a..b', 'a.b', 'k'.repeat(600), `k${NUL}`, '語'.repeat(9000)],
  ...'process process.pid process.pid.x host host.name host.os user user.name related message @timestamp tags'.split(
    ' ',
  ),
  ...'event event.category event.original data_stream crowdstrike error agent log observer rule labels ecs device'.split(
    ' ',
  ),
  ...'winlog winlog.event_id Event EventID EventData event_data event_id event_simpleName Message Channel'.split(' '),
  ...'metadata info UserName ComputerName aid_computer_name Provider System UserData Level Version'.split(' '),
  ...'_source _id _index _routing _version _version_type _if_seq_no _if_primary_term _ignored _field_names'.split(' '),
  ...'_seq_no _size _ingest _type _op_type _dynamic_templates _doc_count _nested_path _tier _feature'.split(' '),
  ...'_data_stream_timestamp _primary_term _require_alias _rank _process_creation_event'.split(' '),
  ...'_process_creation_json _process_creation_failure _process_creation_event_data _process_creation_original'.split(
    ' ',
  ),
];

const PIECES = [
  '<',
  '>',
  '&',
  '"',
  "'",
  NUL,
  '\n',
  '\ud800',
  '&#x110000;',
  '&#xD800;',
  '&amp;',
  '<![CDATA[',
  ']]>',
  '-->',
  '<!--',
  '</Event>',
  '\\',
  '',
  '=',
];

export type Mutation =
  | { readonly do: 'replace'; readonly at: number; readonly value: unknown }
  | { readonly do: 'remove'; readonly at: number }
  | { readonly do: 'wrap'; readonly at: number }
  | { readonly do: 'rename'; readonly at: number; readonly name: string }
  | { readonly do: 'add'; readonly at: number; readonly name: string; readonly value: unknown }
  | { readonly do: 'edit'; readonly at: number; readonly from: number; readonly length: number; readonly text: string }
  | { readonly do: 'cut'; readonly at: number; readonly from: number }
  | { readonly do: 'flood'; readonly fields: number };

const place = fc.nat(10_000);
const value = fc.oneof(
  { arbitrary: fc.constant(MARK), weight: 2 },
  { arbitrary: fc.constantFrom(...VALUES), weight: 9 },
  { arbitrary: fc.jsonValue(), weight: 1 },
);
const name = fc.constantFrom(...NAMES);

/** One change of a document. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('replace' as const), at: place, value }), weight: 32 },
  { arbitrary: fc.record({ do: fc.constant('add' as const), at: place, name, value }), weight: 32 },
  { arbitrary: fc.record({ do: fc.constant('remove' as const), at: place }), weight: 8 },
  { arbitrary: fc.record({ do: fc.constant('wrap' as const), at: place }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant('rename' as const), at: place, name }), weight: 8 },
  {
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      at: place,
      from: place,
      length: fc.nat(3),
      text: fc.constantFrom(...PIECES),
    }),
    weight: 20,
  },
  { arbitrary: fc.record({ do: fc.constant('cut' as const), at: place, from: place }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant('flood' as const), fields: fc.constant(1000) }), weight: 1 },
);

/** Whether a place may be changed; `path` ends with its own name. */
export type Free = (path: readonly string[]) => boolean;

/** A copy of a document after some mutations, none of which touches a place that is not free. */
export function mutated(document: Json, mutations: readonly Mutation[], free: Free = () => true): Json {
  const copy = structuredClone(document);
  for (const one of mutations) apply(copy, one, free);
  return copy;
}

function apply(root: Json, one: Mutation, free: Free): void {
  if (one.do === 'flood') {
    for (let field = 0; field < one.fields; field += 1) root[`unknown${field}`] = field % 2 === 0 ? 'x' : { a: 1 };
    return;
  }
  if (one.do === 'add') {
    const holders = [{ holder: root, path: [] as string[] }, ...objectsIn(root)];
    const chosen = holders[one.at % holders.length];
    if (chosen !== undefined && free([...chosen.path, one.name]))
      set(chosen.holder, one.name, structuredClone(one.value));
    return;
  }
  const places = fieldsIn(root).filter(({ path }) => free(path));
  const chosen = places[one.at % places.length];
  if (chosen === undefined) return;
  const { holder, name: field, path } = chosen;
  const old = holder[field];
  if (one.do === 'replace') set(holder, field, structuredClone(one.value));
  else if (one.do === 'wrap') set(holder, field, [old]);
  else if (one.do === 'remove') Reflect.deleteProperty(holder, field);
  else if (one.do === 'rename') {
    if (!free([...path.slice(0, -1), one.name])) return;
    Reflect.deleteProperty(holder, field);
    set(holder, one.name, old);
  } else if (typeof old === 'string') {
    const from = one.from % (old.length + 1);
    const rest = one.do === 'cut' ? '' : one.text + old.slice(from + one.length);
    set(holder, field, old.slice(0, from) + rest);
  }
}

/** `__proto__` is a name like any other in JSON. */
function set(holder: Json, field: string, of: unknown): void {
  Object.defineProperty(holder, field, { value: of, enumerable: true, configurable: true, writable: true });
}

interface Place {
  readonly holder: Json;
  readonly name: string;
  readonly path: readonly string[];
}

function fieldsIn(holder: Json, path: readonly string[] = []): Place[] {
  return Object.entries(holder).flatMap(([field, of]) => {
    const here = { holder, name: field, path: [...path, field] };
    return isRecord(of) ? [here, ...fieldsIn(of, here.path)] : [here];
  });
}

function objectsIn(root: Json): { holder: Json; path: string[] }[] {
  return fieldsIn(root).flatMap(({ holder, name: field, path }) => {
    const of = holder[field];
    return isRecord(of) ? [{ holder: of, path: [...path] }] : [];
  });
}
