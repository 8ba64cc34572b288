import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertIndex, stateIndex } from '../../src/detections/indices';
import { request } from './request';
import { temporaryFolder } from './temporary-folders';
import type { Asked } from './proxy';
import { clear, freshNamespace } from './dataset';
import { testCluster } from './cluster';
import { received, type Received } from './context';

/** A command, the request of it that a fault hits, what must be there before it, and the proof that its work is done once. */
export interface Verb {
  readonly name: string;
  readonly hits: (asked: Asked) => boolean;
  /** @returns arguments of the command */
  readonly before: () => Promise<Record<string, unknown>>;
  /** @param last what the command came to in the end */
  readonly isWhole: (last: Received) => Promise<void>;
}

/** A namespace of its own in which both rules are deployed, for the commands that meet faults. */
export interface FaultDataset {
  readonly namespace: () => string;
  /** The rules as `deploy` has stored them, by their ids. */
  readonly deployed: () => Record<string, object>;
  /** Those that are stored now. */
  readonly storedRules: () => Promise<Record<string, object>>;
  /** Stores the rules as they were, or takes them away, past the commands. */
  readonly rulesThere: (there: boolean) => Promise<void>;
  /** New events that the rules alert on, one alert each, which have just come in. */
  readonly suspects: () => Promise<void>;
  /** How many alerts there are of each of them; and what is expected. */
  readonly alerted: () => Promise<Record<string, number>>;
  readonly eachOnce: () => Record<string, number>;
  readonly verbs: readonly Verb[];
}

const EVENTS = 6;

export function faultDataset(): FaultDataset {
  const folder = temporaryFolder();
  let namespace: string;
  let deployed: Record<string, object>;
  /** Numbers of all events that were made, and those of the newest, by which they are counted afterwards. */
  let made = 0;
  let numbers: number[] = [];
  let someAlerts: Promise<void> | undefined;

  beforeAll(async () => {
    namespace = freshNamespace();
    await received('deploy', { url: (await testCluster()).url, namespace });
    deployed = await storedRules();
    expect(Object.keys(deployed)).toHaveLength(2);
  });
  afterAll(async () => clear(await testCluster(), namespace));

  async function sourcesIn(index: string, query: object = { match_all: {} }): Promise<Map<string, object>> {
    const cluster = await testCluster();
    await request(cluster, { method: 'POST', path: `/${index}/_refresh` });
    const { body } = await request<{ hits: { hits: { _id: string; _source: object }[] } }>(cluster, {
      method: 'POST',
      path: `/${index}/_search`,
      body: { size: 10_000, query },
    });
    return new Map(body.hits.hits.map(({ _id, _source }) => [_id, _source]));
  }

  async function storedRules(): Promise<Record<string, object>> {
    return Object.fromEntries(await sourcesIn(stateIndex(namespace), { term: { kind: 'rule' } }));
  }

  async function bulk(index: string, lines: readonly object[], query: Record<string, string> = {}): Promise<void> {
    const ndjson = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const path = `/${index}-${namespace}/_bulk`;
    await request(await testCluster(), { method: 'POST', path, query: { refresh: true, ...query }, ndjson });
  }

  async function rulesThere(there: boolean): Promise<void> {
    const lines = Object.entries(deployed).flatMap(([_id, rule]) =>
      there ? [{ index: { _id } }, rule] : [{ delete: { _id } }],
    );
    await bulk('wmi-detections-state', lines);
  }

  function fresh(): number[] {
    numbers = Array.from({ length: EVENTS }, () => ++made);
    return numbers;
  }

  function eventFile(): string {
    const path = join(folder, 'events.ndjson');
    const lines = fresh().map((number) => `{"RecordNumber":"${number}","Channel":"System"}\n`);
    writeFileSync(path, lines.join(''));
    return path;
  }

  async function suspects(): Promise<void> {
    const now = new Date().toISOString();
    const lines = fresh().flatMap((pid) => {
      const process = { pid, name: 'x.exe', command_line: 'x', parent: { name: 'WmiPrvSE.exe', pid: 1 } };
      const event = { ingested: now, category: ['process'], type: ['start'] };
      const document = { '@timestamp': now, event, process, host: { name: `h${pid}` }, user: { name: 'u' } };
      return [{ create: { _id: `s${pid}` } }, document];
    });
    await bulk('logs-sysmon.process_creation', lines, { pipeline: '_none' });
  }

  /** How often each of the newest numbers is found in documents. */
  function tally(documents: Iterable<object>, pattern: RegExp): Record<string, number> {
    const found: Record<string, number> = {};
    for (const document of documents) {
      const number = pattern.exec(JSON.stringify(document).replaceAll('\\', ''))?.[1] ?? '?';
      if (numbers.includes(Number(number))) found[number] = (found[number] ?? 0) + 1;
    }
    return found;
  }

  async function indexed(): Promise<Record<string, number>> {
    const documents = await sourcesIn(`logs-wmi_detections.unrecognised-${namespace}`);
    return tally(documents.values(), /"RecordNumber":\s*"(\d+)"/);
  }

  async function alerted(): Promise<Record<string, number>> {
    return tally((await sourcesIn(alertIndex(namespace))).values(), /"name":"h(\d+)"/);
  }

  async function makeAlerts(): Promise<void> {
    await rulesThere(true);
    await suspects();
    await received('run', { url: (await testCluster()).url, namespace });
  }

  const eachOnce = (): Record<string, number> => Object.fromEntries(numbers.map((number) => [number, 1]));
  const isRule = (asked: Asked, method: string): boolean =>
    asked.method === method && asked.path.includes('/_doc/rule');

  const verbs: Verb[] = [
    {
      name: 'plan',
      hits: ({ method, path }) => method === 'GET' && path.startsWith('/_component_template'),
      before: () => rulesThere(true).then(() => ({})),
      isWhole: ({ json }) => {
        expect(json).toMatchObject({ changes: [] });
        return Promise.resolve();
      },
    },
    {
      name: 'deploy',
      hits: (asked) => isRule(asked, 'PUT'),
      before: () => rulesThere(false).then(() => ({})),
      isWhole: async () => {
        expect(await storedRules()).toEqual(deployed);
      },
    },
    {
      name: 'replay',
      hits: ({ path }) => path === '/_bulk',
      before: () => Promise.resolve({ files: [eventFile()], 'dead-letters': join(folder, 'dead.ndjson') }),
      isWhole: async () => {
        expect(await indexed()).toEqual(eachOnce());
      },
    },
    {
      name: 'run',
      hits: ({ path }) => path === `/${alertIndex(namespace)}/_bulk`,
      before: async () => {
        await rulesThere(true);
        await suspects();
        return {};
      },
      isWhole: async () => {
        expect(await alerted()).toEqual(eachOnce());
      },
    },
    {
      name: 'alerts',
      hits: ({ path }) => path === `/${alertIndex(namespace)}/_search`,
      before: async () => {
        await (someAlerts ??= makeAlerts());
        return { limit: 10_000 };
      },
      isWhole: async ({ json }) => {
        const shown = (json as { _id: string }[]).map(({ _id }) => _id);
        expect(shown.sort()).toEqual([...(await sourcesIn(alertIndex(namespace))).keys()].sort());
        expect(shown.length).toBeGreaterThanOrEqual(EVENTS);
      },
    },
    {
      name: 'destroy',
      hits: (asked) => isRule(asked, 'DELETE'),
      before: () => rulesThere(true).then(() => ({})),
      isWhole: async () => {
        expect(await storedRules()).toEqual({});
      },
    },
  ];
  return {
    ...{ namespace: () => namespace, deployed: () => deployed, storedRules, rulesThere },
    ...{ suspects, alerted, eachOnce, verbs },
  };
}
