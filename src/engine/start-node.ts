import { readFileSync, writeFileSync } from 'node:fs';
import { ProblemError } from '../errors';
import { becomesHealthy } from './answer';
import { cacheOf, heapOf, prepareFolder, type Cache } from './cache';
import { diskFull, engineFailure, type Say } from './engine-failure';
import { fetchJars } from './jars';
import { findJdk } from './jdk';
import {
  discardNode,
  launchNode,
  logOf,
  type LaunchPlan,
  type NodeProcess,
  removeLeftovers,
  stopNode,
  unref,
} from './launch';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export interface EngineOptions {
  /** Where the cache, Java and Maven are looked for; `process.env` when left out. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly say?: Say | undefined;
  /** For a long load: all of Java's compilers, a slower start and some times the throughput. */
  readonly steady?: boolean | undefined;
  /** How long a node may take until it answers. About 5 s are usual, 45 s were seen on a busy machine. */
  readonly waitSeconds?: number | undefined;
  /** Ends the start with an INTERRUPTED error, and the node with it. */
  readonly signal?: AbortSignal | undefined;
  /** Chooses that many ports; free ones when left out. */
  readonly choosePorts?: ((count: number) => Promise<number[]>) | undefined;
}

const WAIT_SECONDS = 180;

/** How a start went, and what the node had printed by then. */
interface Outcome {
  readonly end: 'healthy' | 'ended' | 'silent' | 'unwanted';
  readonly log: string;
}

/**
 * Starts a node that ends when this process ends, and waits until it answers with a health of yellow at least. Jars are
 * fetched when they are not in the cache.
 * @throws ProblemError ENGINE for all that can keep it from running; docs/engine.md lists it
 */
export async function startNode(options: EngineOptions = {}): Promise<NodeProcess> {
  const { env = process.env, say = () => undefined, steady = false, signal } = options;
  const cache = cacheOf(env);
  const heap = heapOf(env);
  const jdk = findJdk(env);
  const jars = await fetchJars(cache, jdk, env, say, signal);
  prepareFolder(cache.nodes);
  removeLeftovers(cache.nodes);
  say('Starting the embedded engine ...');
  const plan = { jars, nodes: cache.nodes, jdk, heap, steady };
  // Somebody may take a port between its choice and its use. Twice in a row, that is no accident.
  const first = await attempt(plan, cache, options);
  const node = 'portTaken' in first ? await attempt(plan, cache, options) : first;
  if (!('portTaken' in node)) return node;
  throw engineFailure(
    `the embedded engine found its ports taken, twice: ${node.text}`,
    'Try again. If it goes on, look for a program that takes every port on 127.0.0.1.',
  );
}

/** The node, or what its log says when a port was taken. */
async function attempt(
  plan: Omit<LaunchPlan, 'ports'>,
  cache: Cache,
  { choosePorts = freePorts, waitSeconds = WAIT_SECONDS, signal }: EngineOptions,
): Promise<NodeProcess | LogReason> {
  const [http = 0, transport = 0] = await choosePorts(2);
  const node = launchNode({ ...plan, ports: { http, transport } });
  const { end, log } = await outcomeOf(node, waitSeconds, signal);
  if (end === 'healthy') return node;
  await discardNode(node);
  if (end === 'unwanted')
    throw new ProblemError('INTERRUPTED', [{ message: 'interrupted; the embedded engine was ended' }]);
  const reason = reasonIn(log);
  if (end === 'ended' && reason.portTaken) return reason;
  if (reason.diskFull) throw diskFull(cache.root, 'the engine says so');
  writeFileSync(cache.failureLog, log);
  throw end === 'ended'
    ? engineFailure(
        `the embedded engine ended while it was starting: ${reason.text}`,
        `It ran with Java ${plan.jdk.version} of ${plan.jdk.home} and ${plan.heap} of memory (WMI_DETECTIONS_ENGINE_HEAP). The whole log: ${cache.failureLog}`,
      )
    : engineFailure(
        `the embedded engine did not answer at ${node.url} within ${waitSeconds} seconds; its last words: ${reason.text}`,
        `The machine may be very busy: try again. The whole log: ${cache.failureLog}`,
      );
}

async function outcomeOf(node: NodeProcess, seconds: number, signal: AbortSignal | undefined): Promise<Outcome> {
  const nobodyWaits = new AbortController();
  const ended = new Promise<'ended'>((resolve) => {
    const settle = (): void => {
      resolve('ended');
    };
    node.child.once('exit', settle).once('error', settle);
  });
  const unwanted = new Promise<'unwanted'>((resolve) => {
    const settle = (): void => {
      resolve('unwanted');
    };
    if (signal?.aborted === true) settle();
    signal?.addEventListener('abort', settle, { once: true, signal: nobodyWaits.signal });
  });
  const healthy = becomesHealthy(node, seconds, nobodyWaits.signal).then((yes) => (yes ? 'healthy' : 'silent'));
  const end = await Promise.race([ended, healthy, unwanted]);
  nobodyWaits.abort();
  return { end, log: end === 'healthy' ? '' : readFileSync(logOf(node.folder), 'utf8') };
}

/** An embedded engine that belongs to this process: it ends with it, however it ends. */
export interface Engine {
  readonly url: string;
  readonly pid: number;
  /** Ends it and removes its data. The very first time this takes some seconds more: it writes down what speeds up later starts. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded engine for this process alone; any number may run at once.
 * @throws ProblemError ENGINE, see {@link startNode}
 */
export async function startAttached(options: EngineOptions = {}): Promise<Engine> {
  const node = await startNode(options);
  unref(node);
  let stopped: Promise<void> | undefined;
  return { url: node.url, pid: node.pid, stop: () => (stopped ??= stopNode(node)) };
}

/** What the log of a failed start has to say. */
export interface LogReason {
  readonly text: string;
  readonly portTaken: boolean;
  readonly diskFull: boolean;
}

/** Lines of a stack trace, and of the runner's account of its folders. */
const NOISE =
  /^\s*(at |\.\.\. \d+ more|Suppressed:)|^(Creating |Cluster Name:|Base Path:|Num Of Node:|Node Name:|HTTP Port:|Data Directory:|Log Directory:)|^WARNING:/;

/**
 * The reason for a failed start out of the node's log: the exception and its innermost cause, or, when Java itself did not
 * start, the last lines.
 */
export function reasonIn(log: string): LogReason {
  const lines = log.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line));
  const thrown = lines.find((line) => line.startsWith('Exception in thread'));
  const cause = lines.filter((line) => line.startsWith('Caused by:')).at(-1);
  const exceptions = [thrown, cause].filter((line) => line !== undefined);
  const reason = exceptions.length > 0 ? exceptions : lines.slice(-3);
  return {
    text:
      reason.map((line) => line.replace(/^(Exception in thread "\S+"|Caused by:) /, '').trim()).join('; ') ||
      'its log is empty',
    portTaken: /BindHttpException|BindTransportException|Address already in use/.test(log),
    diskFull: /No space left on device|Disk quota exceeded/.test(log),
  };
}

/** Ports on loopback that nobody listens at: the system chooses them, all held until the last is chosen. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, 'close');
    }),
  );
  return ports;
}
