import { alertIndex, stateIndex } from '../../src/detections/indices';
import type { RetryPolicy } from '../../src/cluster/retry-policy';
import { request } from '../support/request';
import { faultDataset, type Verb } from '../support/fault-dataset';
import { CASES, PARTIAL, SILENT, TELLING, Trouble, type Case } from '../support/faults';
import { keepShared } from '../support/keep-shared';
import { quick } from '../support/retry-policy';
import { proxy, type Asked, type Proxy } from '../support/proxy';
import { testCluster } from '../support/cluster';
import { received, type Received } from '../support/context';

keepShared();
const { namespace, deployed, storedRules, rulesThere, suspects, alerted, eachOnce, verbs } = faultDataset();

let between: Proxy;
/** What the proxy does to single requests. */
const trouble = new Trouble();
/** Takes the place of the trouble in a test of its own. */
let gate: ((asked: Asked) => ReturnType<Trouble['intercept']>) | undefined;

beforeAll(async () => {
  between = await proxy(await testCluster(), (asked) => (gate ?? trouble.intercept)(asked));
});
afterAll(() => {
  between.close();
});
afterEach(() => {
  trouble.end();
  gate = undefined;
});

/** A command behind the proxy. */
function throughProxy(
  verb: string,
  argv: { retryPolicy?: RetryPolicy } & Record<string, unknown> = {},
): Promise<Received> {
  return received(verb, { url: between.url, namespace: namespace(), ...argv });
}

/** The message says what, where and what to do, in words for a person. */
function expectHelpful({ exit, text }: Received): void {
  expect(exit).toBe(2);
  expect(text).toMatch(/(?:GET|POST|PUT|DELETE) http:\/\/127\.0\.0\.1:\d+\/\S*/);
  expect(text).toMatch(
    /run the command again|run it again|[Aa] second run|next run|give the URL|was cut|Nothing listens/,
  );
  expect(text).not.toMatch(/ {4}at |undefined|\[object|TypeError|<html|\$\{/);
}

/** One fault, how often it hits a command, and what the command must come to. */
interface Row {
  readonly title: string;
  readonly fate: Case['fate'];
  readonly times: 'once' | 'always';
  readonly retryPolicy?: RetryPolicy;
  readonly outcome: 'succeeds' | 'fails';
  /** The code of the error; a command that works in steps reports each step, and has no code of its own. */
  readonly code?: string | undefined;
  /** A part of the message. */
  readonly says?: string;
  /** How often the request is sent; at least once where it is not given. */
  readonly sent?: number;
}

/** Every fault meets these two in every way; the others, which read and write more, meet each of them in one. */
const CHEAP: readonly string[] = ['replay', 'alerts'];
const IN_STEPS: readonly string[] = ['deploy', 'destroy'];

/** The faults that one command meets. */
function rowsOf(name: string): Row[] {
  const cheap = CHEAP.includes(name);
  const inSteps = IN_STEPS.includes(name);
  const cases = [...CASES, ...(name === 'replay' || name === 'run' ? PARTIAL : [])];
  const once = cases.filter((one) => cheap || TELLING.includes(one.name));
  const always = cases.filter(({ code }) => code !== undefined);
  const silent = cheap ? SILENT : SILENT.slice(0, 1);
  return [
    ...once.map(({ name: fault, fate, passes }): Row => ({
      title: `${passes ? 'succeeds' : 'fails helpfully'} when it meets ${fault} once`,
      fate,
      times: 'once',
      outcome: passes ? 'succeeds' : 'fails',
    })),
    ...always.map(({ name: fault, fate, code, sent, each }): Row => ({
      title: `fails helpfully when it meets ${fault} every time`,
      fate,
      times: 'always',
      outcome: 'fails',
      code: inSteps ? undefined : code,
      sent: each === true && inSteps ? 2 * sent : sent,
    })),
    ...silent.map(({ name: fault, fate, sent }): Row => ({
      title: `gives up in time when it meets ${fault}`,
      fate,
      times: 'always',
      retryPolicy: quick({ timeout: 1_000 }),
      outcome: 'fails',
      says: 'no answer in time',
      sent,
    })),
  ];
}

describe.each(verbs)('faults: $name', ({ name, hits, before, isWhole }: Verb) => {
  /** The same command without the fault. */
  async function again(argv: Record<string, unknown>): Promise<void> {
    trouble.end();
    gate = undefined;
    const last = await throughProxy(name, argv);
    expect([last.exit, last.text]).toEqual([0, last.text]);
    await isWhole(last);
  }

  test.each(rowsOf(name))('$title', async (row) => {
    const argv = await before();
    trouble.begin(hits, row.fate, row.times === 'always');
    const first = await throughProxy(name, { ...argv, ...(row.retryPolicy && { retryPolicy: row.retryPolicy }) });
    if (row.sent === undefined) expect(trouble.seen).toBeGreaterThan(0);
    else expect(trouble.seen).toBe(row.sent);
    if (row.outcome === 'succeeds') {
      expect([first.exit, first.text]).toEqual([0, first.text]);
      await isWhole(first);
      return;
    }
    expectHelpful(first);
    if ('code' in row) expect(first.code).toBe(row.code);
    if (row.says !== undefined) expect(first.text).toContain(row.says);
    await again(argv);
  });

  /** Takes the node away with the request that is hit. */
  function leave(): { gone: () => Promise<void> | undefined } {
    let gone: Promise<void> | undefined;
    gate = (asked) => {
      if (gone !== undefined || !hits(asked)) return undefined;
      gone = between.down();
      return 'cut before';
    };
    return { gone: () => gone };
  }

  test('succeeds when the node restarts', async () => {
    const argv = await before();
    const { gone } = leave();
    let waits = 0;
    const wait: RetryPolicy['wait'] = async () => {
      waits += 1;
      await gone();
      if (waits === 3) await between.up();
    };
    const first = await throughProxy(name, { ...argv, retryPolicy: quick({ attempts: 5, wait }) });
    expect([first.exit, waits]).toEqual([0, 3]);
    await isWhole(first);
  });

  test('fails helpfully when the node goes, and when nothing listens as the next command begins', async () => {
    const argv = await before();
    const { gone } = leave();
    const first = await throughProxy(name, argv);
    expectHelpful(first);
    expect(first.text).toContain('ECONNREFUSED');
    await gone();
    const wait: RetryPolicy['wait'] = () => Promise.reject(new Error('a wrong URL is no reason to wait'));
    const second = await throughProxy(name, { ...argv, retryPolicy: quick({ wait }) });
    expect(second.code).toBe('UNREACHABLE');
    await between.up();
    await again(argv);
  });
});

describe('faults: indices that are read-only at the disk watermark', () => {
  /** What the flood stage does to an index of ours, or to all of a data stream. */
  async function block(index: string, value: true | null): Promise<void> {
    const body = { 'index.blocks.read_only_allow_delete': value };
    await request(await testCluster(), { method: 'PUT', path: `/${index}/_settings`, body });
  }

  async function isBlocked(index: string): Promise<boolean> {
    const asked = { method: 'GET', path: `/${index}/_settings/index.blocks.*` } as const;
    const { body } = await request<Record<string, unknown>>(await testCluster(), asked);
    return JSON.stringify(body).includes('read_only_allow_delete');
  }

  /** The command, while the block stands. A node with room on its disk takes it away whenever it looks: then once more. */
  async function blocked(
    index: string,
    name: string,
    before: Verb['before'],
  ): Promise<[Received, Record<string, unknown>]> {
    for (;;) {
      const argv = await before();
      await block(index, true);
      const first = await throughProxy(name, argv);
      const stood = await isBlocked(index);
      await block(index, null);
      if (stood) return [first, argv];
    }
  }

  test.each([
    ['deploy', () => stateIndex(namespace())],
    ['destroy', () => stateIndex(namespace())],
    ['replay', () => `logs-wmi_detections.unrecognised-${namespace()}`],
    ['run', () => alertIndex(namespace())],
  ])('fail %s, which works once they are not', async (name, index) => {
    const verb = verbs.find((one) => one.name === name);
    if (verb === undefined) throw new Error(name);
    const [first, argv] = await blocked(index(), name, verb.before);
    expect(first.exit).toBe(2);
    expect(first.text).toMatch(/read-only/);
    expect(first.text).toMatch(/disk|space/);
    const last = await throughProxy(name, argv);
    expect(last.exit).toBe(0);
    await verb.isWhole(last);
  });

  test.each(['plan', 'alerts'])('do not hinder %s, which only reads', async (name) => {
    await block(stateIndex(namespace()), true);
    const first = await throughProxy(name);
    await block(stateIndex(namespace()), null);
    expect(first.exit).toBe(0);
  });
});

test('faults: run corrects an alert that somebody else writes at the same time (version conflict)', async () => {
  await rulesThere(true);
  await suspects();
  const error = { type: 'version_conflict_engine_exception', reason: 'somebody was faster' };
  trouble.begin(({ path }) => path.endsWith('/_bulk'), { items: (index) => index === 0, status: 409, error }, false);
  expect((await throughProxy('run')).exit).toBe(0);
  expect(trouble.seen).toBe(2);
  expect(await alerted()).toEqual(eachOnce());
});

test('faults: deploy reports a rule that somebody else writes at the same time, and the next one puts it', async () => {
  await rulesThere(false);
  const error = { type: 'version_conflict_engine_exception', reason: 'somebody was faster' };
  trouble.begin(
    ({ method, path }) => method === 'PUT' && path.includes('/_doc/rule'),
    { status: 409, body: { error } },
    true,
  );
  const first = await throughProxy('deploy');
  expectHelpful(first);
  expect(first.text).toContain('somebody was faster');
  trouble.end();
  expect((await throughProxy('deploy')).exit).toBe(0);
  expect(await storedRules()).toEqual(deployed());
});
