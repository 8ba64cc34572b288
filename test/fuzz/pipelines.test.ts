import * as fc from 'fast-check';
import { writeJson } from '../../src/text/lossless-json';
import { EVENTS, tryBatches, fates, type Fate } from '../support/fuzz';
import { MARK, mutated, mutation, type Json, type Mutation } from '../support/mutate';
import { ownSeeds, realSeeds, type Seed } from '../support/mutate-seeds';
import { at, testServer, type TestServer, type Source } from '../support/test-server';

/**
 * Events of every shape, mutated at random and shipped to a real engine: each is indexed, and what could not be understood is
 * kept whole. A failure is shrunk to few documents with few mutations.
 */

interface Case {
  readonly seed: Seed;
  readonly mutations: readonly Mutation[];
  /** Where it is sent: mostly where it belongs. */
  readonly to: Source;
  readonly document: Json;
}

let node: TestServer;
beforeAll(async () => {
  node = await testServer();
});

function cases(seeds: readonly Seed[]): fc.Arbitrary<Case> {
  const astray = fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 12 },
    { arbitrary: fc.constantFrom('sysmon' as const, 'crowdstrike' as const, 'unrecognised' as const), weight: 1 },
  );
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 6 }), astray)
    .map(([seed, mutations, to]) => ({
      seed,
      mutations,
      to: to ?? seed.source,
      document: mutated(seed.document, mutations),
    }));
}

/** What is wrong with the fate of a document; undefined where nothing is. */
function fault(document: Json, fate: Fate): string | undefined {
  if ('refused' in fate) return beyondHelp(document) ? undefined : `not indexed: ${fate.refused}`;
  const places = marked(withoutCollector(document));
  if (places.length > 0 && !JSON.stringify(fate.indexed).toLowerCase().includes(MARK)) return `lost ${places.join()}`;
  if (at(fate.indexed, 'event.kind') !== 'pipeline_error') return undefined;
  const original = at(fate.indexed, 'event.original');
  const error = String(at(fate.indexed, 'error.message'));
  // A process creation without its fields is mapped all the same: it lies in its own places, not in event.original.
  if (error.startsWith('ecs: a process creation that came without its fields')) return undefined;
  if (typeof original !== 'string') return `no event.original (${error})`;
  // A text that was not understood, or only in part, stands there as itself; a document as its JSON.
  const texts = [...Object.values(document), at(document, 'event.original')].map(sound);
  if (texts.includes(sound(original))) return undefined;
  const kept = JSON.stringify(comparable(parsed(original)));
  const whole = JSON.stringify(comparable(JSON.parse(writeJson(document))));
  return kept === whole ? undefined : `event.original is not the document (${error}): ${original.slice(0, 500)}`;
}

/** At the root, Elasticsearch refuses them before any pipeline runs (docs/shippers.md). */
const REFUSED = ['_id', '_index', '_version', '_version_type'];

/**
 * What OpenSearch cannot be helped with: it runs no script on a document with an integer beyond 64 bits, and nothing but a script
 * can take away a field whose name it refuses, such as none at all (docs/shippers.md).
 */
function beyondHelp(document: Json): boolean {
  if (node.cluster.product === 'elasticsearch' && REFUSED.some((name) => name in document)) return true;
  const text = writeJson(document);
  // A cut can leave a number that is none.
  return /[:[,]-?\d{19,}[,}\]]/.test(text) || typeof parsed(text) === 'string';
}

/** Of an event that was carried as JSON in a text, or that Panther nested, what stands around it gives way to what the event says. */
function withoutCollector(document: Json): Json {
  const { message, event } = document;
  const nested = at(event, 'event_simpleName') === undefined ? undefined : event;
  const carried = nested ?? (typeof message === 'string' ? parsed(message) : undefined);
  if (typeof carried !== 'object' || carried === null) return document;
  return Object.fromEntries(
    Object.entries(document).filter(([name]) => name === 'message' || name === 'event' || !(name in carried)),
  );
}

/**
 * The places of a value that must be found again. Our own fields say what we say, a collector's time and host give way to the event's, and of
 * the objects that make up an event's header only what Windows has there is read.
 */
function marked(value: unknown, path = ''): string[] {
  if (value === MARK)
    return [path, path.replace(WRAPPER, '')].some((at) => OURS.test(at) || HEADER.test(at)) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => marked(inner, path === '' ? name : `${path}.${name}`));
}
const OURS = /^(_|@timestamp\b|event\b|data_stream\b|related\b|host\.os\b|host\.name$|Event\b(?!\.EventData\.))/;
/** What may lie around the record. */
const WRAPPER =
  /^(win_eventlog|crowdstrike(\.event)?|results?(\.0)?|records(\.0)?|event|body(\.structured)?|data\.win)\./;
/** Of evtx JSON, Velociraptor, Wazuh, OpenTelemetry, Get-WinEvent. */
const HEADER =
  /^(System\b|data\.win\.system\b|body\.(structured\.)?(event_id|provider|execution|security|message)\b|Properties\.\d|UserId\b|crowdstrike\.metadata\b)/;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Half a surrogate pair is no text, and comes back as one of several signs. */
function sound(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(/[\p{Surrogate}\uFFFD]/gu, '?') : text;
}

/** Alike for one value, however it was printed; without the root names that are the engine's own. */
function comparable(value: unknown, root = true): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item, false));
  if (typeof value !== 'object' || value === null) return sound(value);
  return Object.entries(value)
    .filter(([name]) => !root || !OWN.test(name))
    .map(([name, inner]) => [sound(name), comparable(inner, false)] as const)
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
const OWN = /^(_index|_id|_version|_version_type|_process_creation_.*|_dynamic_templates)$/;

/** Sends a batch, by data stream; the first fault, told so that it can be tried again by hand. */
async function firstFault(batch: readonly Case[]): Promise<string | undefined> {
  for (const source of new Set(batch.map(({ to }) => to))) {
    const sent = batch.filter(({ to }) => to === source);
    const found = await fates(
      node,
      source,
      sent.map(({ document }) => document),
    );
    for (const [index, { seed, mutations, document }] of sent.entries()) {
      const wrong = fault(document, found[index] ?? { refused: 'no answer' });
      if (wrong === undefined) continue;
      return [
        `${seed.name} to ${source}: ${wrong.slice(0, 1500)}`,
        `mutations: ${JSON.stringify(mutations).slice(0, 1000)}`,
        `document: ${writeJson(document).slice(0, 2000)}`,
      ].join('\n');
    }
  }
  return undefined;
}

async function holds(seeds: readonly Seed[], events: number): Promise<void> {
  expect(await tryBatches(node, cases(seeds), firstFault, events)).toBeGreaterThan(events / 2);
}

test('pipelines on mutated events: our own events, mutated, are indexed and lose nothing', async () => {
  await holds(await ownSeeds(), EVENTS / 2);
}, 3_600_000);

const real = realSeeds(25);
const testReal = real.length > 0 ? test : test.skip;
testReal(
  'real events, mutated, are indexed and lose nothing (skipped without ../shared)',
  async () => {
    await holds(real, EVENTS / 2);
  },
  3_600_000,
);
