/**
 * Whether anything gets lost or doubled in the long run: `npm run bench:soak [seconds [seed]]` (60 seconds and seed 1 unless told, an
 * hour at most).
 *
 * For the set time, files of events are replayed one after the other while `run --watch` runs the rules beside it, both through a
 * proxy before an embedded engine, which does to one request in six what a faulty cluster does, by chance but by the seed: it cuts the
 * connection before or after the request was done, cuts or garbles the answer, answers 429, 502, 503, refuses items for good, and now and
 * then takes the whole node away. A replay that ends with an error is started again, as its user would.
 *
 * Then the faults end, and it is reconciled: events sent = events indexed + dead letters, each id once; with the dead letters
 * replayed, all events are there; and the alerts are those of a perfect run, which sees the same events in another namespace at once.
 * Everything is on loopback. It fails with what does not fit.
 */
import { SCHEDULERS } from '../src/schedulers';
import { Deployment } from '../src/plan/deployment';
import { runRules } from '../src/schedulers/local/run-rules';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { replay } from '../src/replay/replay';
import { ProblemError } from '../src/errors';
import { readAllContent } from '../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../src/program';
import { alerts } from '../src/schedulers/alert-index-search';
import { readMatches } from '../src/cluster/search-all';
import { runLoop } from '../src/schedulers/local/run-loop';
import { RETRY_POLICY } from '../src/cluster/retry-policy';
import { connect, type Cluster } from '../src/cluster/cluster';
import { request } from '../test/support/request';
import { proxy, type Answer, type Asked, type Fault, type Proxy } from '../test/support/proxy';
import { onEngine } from './engine';

const MOST_SECONDS = 3_600;
const EVENTS_A_FILE = 100;
const HOSTS = 25;
/** A minute of the rules' schedules is half a second here. */
const HASTE = 120;
const FAULTY = 'soak';
const PERFECT = 'perfect';

/** Numbers from 0 to 1 by chance, the same ones for the same seed (mulberry32). */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What may become of any request; of a bulk request, some items may be refused for good besides. */
const FATES: readonly (Answer | Fault)[] = [
  'cut before',
  'cut after',
  'cut off',
  'malformed',
  'slow',
  'stall',
  'stall within',
  { status: 429, body: { error: 'queue full' } },
  { status: 429, body: { error: 'queue full' }, headers: { 'retry-after': '0' } },
  { status: 502, body: '<html>502 Bad Gateway</html>' },
  { status: 503, body: '<html>503 Service Unavailable</html>' },
];

/** A node that is faulty until it is told to be well. */
class Trouble {
  readonly counts = new Map<string, number>();
  node: Proxy | undefined;
  well = false;
  private away: Promise<void> | undefined;

  constructor(private readonly chance: () => number) {}

  readonly intercept = ({ path }: Asked): Answer | Fault | undefined => {
    const dice = this.chance();
    if (this.well || dice > 1 / 6) return undefined;
    if (dice < 1 / 150) {
      this.away ??= this.leave();
      return this.counted('node away', 'cut before');
    }
    if (path.endsWith('/_bulk') && dice < 1 / 12) {
      const error = { type: 'some_exception', reason: 'refused by the soak' };
      const nth = 1 + Math.floor(this.chance() * 50);
      return this.counted('items refused', { items: (index) => index % 50 === nth, status: 500, error });
    }
    const fate = FATES[Math.floor(this.chance() * FATES.length)] ?? 'slow';
    return this.counted(typeof fate === 'string' ? fate : 'status' in fate ? String(fate.status) : 'items', fate);
  };

  /** Ends all faults, once the node is back. */
  async end(): Promise<void> {
    this.well = true;
    await this.away;
  }

  private counted(name: string, fate: Answer | Fault): Answer | Fault {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return fate;
  }

  private async leave(): Promise<void> {
    await this.node?.down();
    await wait(200 + this.chance() * 800);
    await this.node?.up();
    this.away = undefined;
  }
}

/** A file of events of which many are suspicious, none like any other. */
function writeEvents(folder: string, number: number): string {
  const samples = readFileSync(join(PROGRAM_FOLDER, 'samples', 'sysmon-nxlog.ndjson'), 'utf8')
    .trim()
    .split('\n');
  const path = join(folder, `events-${number}.ndjson`);
  const lines = Array.from({ length: EVENTS_A_FILE }, (_, index) => {
    const record = number * EVENTS_A_FILE + index;
    const sample = samples[record % samples.length] ?? '';
    return sample
      .replace(/"RecordNumber": ?\d+/, `"RecordNumber": ${record}`)
      .replace(/"Hostname": ?"[^"]*"/, `"Hostname": "ws-${record % HOSTS}.soak.example"`);
  });
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** Replays until it ends well, as its user would. @returns how often it had to be started */
async function replayed(cluster: Cluster, path: string, namespace: string, letters: string): Promise<number> {
  for (let starts = 1; ; starts += 1) {
    try {
      await replay(cluster, [path], { namespace, deadLetters: letters });
      return starts;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
    }
  }
}

/** Runs the rules beside until the signal; faults are told and passed over, anything else ends the soak. */
async function watched(cluster: Cluster, signal: AbortSignal): Promise<{ runs: number; failures: number }> {
  const pace = {
    now: () => performance.now() * HASTE,
    wait: async (milliseconds: number) => {
      await wait(milliseconds / HASTE, undefined, { signal }).catch(() => undefined);
    },
    chance: Math.random,
  };
  const told = { runs: 0, failures: 0 };
  while (!signal.aborted) {
    try {
      for await (const one of runLoop(cluster, { namespace: FAULTY, signal, pace })) {
        if (one.kind === 'run') told.runs += 1;
        else if (one.kind === 'failure') told.failures += 1;
        if (one.kind === 'failure' && !(one.error instanceof ProblemError)) throw one.error;
      }
    } catch (error) {
      // Before its first window a watch ends with what is wrong; a service manager would start it again.
      if (!(error instanceof ProblemError)) throw error;
      told.failures += 1;
    }
  }
  return told;
}

/** How often each id is there. */
async function idsIn(cluster: Cluster, namespace: string): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  await request(cluster, { method: 'POST', path: `/logs-*-${namespace}/_refresh` });
  const search = { indices: [`logs-*-${namespace}`], query: { match_all: {} }, source: ['@timestamp'] };
  for await (const hits of readMatches(cluster, search)) {
    for (const { _id } of hits) ids.set(_id, (ids.get(_id) ?? 0) + 1);
  }
  return ids;
}

function lettersIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('letters'))
    .map((name) => join(folder, name));
}

/** What an alert says, in whatever namespace it stands. */
async function saidIn(cluster: Cluster, namespace: string): Promise<string[]> {
  const found = await alerts(cluster, { namespace });
  return found
    .map(({ _id, event, wmi_detections: ours }) => {
      const { start, end } = event as { start: string; end: string };
      return `${_id} ${start} ${end} ${(ours as { count: number }).count}`;
    })
    .sort();
}

function check(what: string, fits: boolean): void {
  console.log(`${fits ? 'ok  ' : 'FAIL'}  ${what}`);
  if (!fits) process.exitCode = 1;
}

async function soak(cluster: Cluster, seconds: number, seed: number, folder: string): Promise<void> {
  const content = { ...readAllContent(PROGRAM_FOLDER), resources: [] };
  for (const namespace of [FAULTY, PERFECT]) {
    const scope = new Deployment({ cluster, namespace, now: Date.now() }, SCHEDULERS, 'local');
    await scope.apply(await scope.plan(content, { prune: false }));
  }
  const trouble = new Trouble(chances(seed));
  trouble.well = true;
  const between = await proxy(cluster, trouble.intercept);
  trouble.node = between;
  const retryPolicy = { ...RETRY_POLICY, pause: 20, longest: 500, timeout: 5_000 };
  const faulty = await connect({ url: between.url }, { retryPolicy });
  trouble.well = false;

  const stop = new AbortController();
  const watching = watched(faulty, stop.signal);
  const files: string[] = [];
  let starts = 0;
  for (const end = Date.now() + seconds * 1_000; Date.now() < end;) {
    const path = writeEvents(folder, files.length);
    files.push(path);
    starts += await replayed(faulty, path, FAULTY, join(folder, 'letters.ndjson'));
  }
  stop.abort();
  const { runs, failures } = await watching;
  await trouble.end();
  const faults = [...trouble.counts].map(([name, count]) => `${count} ${name}`).join(', ');
  console.log(
    `${files.length} files in ${starts} replays; ${runs} windows, ${failures} failures of the watch; ${faults}`,
  );

  for (const path of files) await replay(cluster, [path], { namespace: PERFECT });
  const sent = await idsIn(cluster, PERFECT);
  const indexed = await idsIn(cluster, FAULTY);
  const letters = new Set(
    lettersIn(folder).flatMap((path) =>
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { dead_letter: { id: string } }).dead_letter.id),
    ),
  );
  const dead = [...letters].filter((id) => !indexed.has(id));
  check(
    `${sent.size} events sent = ${indexed.size} indexed + ${dead.length} dead letters`,
    sent.size === indexed.size + dead.length,
  );
  check(
    'each that was sent is one of them',
    [...sent.keys()].every((id) => indexed.has(id) || letters.has(id)),
  );
  check(
    'none is there twice',
    [...indexed.values()].every((count) => count === 1),
  );
  for (const path of lettersIn(folder)) await replay(cluster, [path], { namespace: FAULTY });
  check('with the dead letters replayed, all are there', (await idsIn(cluster, FAULTY)).size === sent.size);
  for (const namespace of [FAULTY, PERFECT]) await runRules(cluster, { namespace });
  const [tried, perfect] = [await saidIn(cluster, FAULTY), await saidIn(cluster, PERFECT)];
  check(`${tried.length} alerts = the ${perfect.length} of a perfect run`, tried.join('\n') === perfect.join('\n'));
  between.close();
}

async function main(): Promise<void> {
  const [seconds = 60, seed = 1] = process.argv.slice(2).map(Number);
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  try {
    await onEngine((cluster) => soak(cluster, Math.min(seconds, MOST_SECONDS), seed, folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
