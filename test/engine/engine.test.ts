import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { engineStatus, startEngine, stopEngine } from '../../src/commands/engine';
import { startAttached } from '../../src/engine/start-node';
import { cacheOf } from '../../src/engine/cache';
import { isRunning } from '../../src/engine/processes';
import { eventually } from '../support/eventually';
import { ownCaches } from '../support/own-caches';

// Every test here starts nodes of its own, beside the suite's.
jest.setTimeout(240_000);

const { root, user, nodesOf, jarsFolder } = ownCaches();

/** Another process that runs TypeScript, which finds the engine's functions in `engine`. */
function otherProcess(env: NodeJS.ProcessEnv, code: string): { child: ChildProcess; line: Promise<string> } {
  const script = `const engine = { ...require('./src/engine/start-node'), ...require('./src/commands/engine') }; ${code}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line').then(([text]) =>
    String(text),
  );
  return { child, line };
}

interface NodeInfo {
  readonly roles: readonly string[];
  readonly http: { readonly publish_address: string };
  readonly settings: { cluster: { routing: { allocation: { disk: { watermark: { flood_stage: string } } } } } };
}

interface Started {
  readonly url: string;
  readonly pid: number;
}

describe('the embedded engine: attached', () => {
  test('a node answers on loopback, with the ingest role and marks that suit a full disk, and is gone without a trace when stopped', async () => {
    const env = user('attached');
    const engine = await startAttached({ env });
    const nodes = (await (await fetch(`${engine.url}/_nodes/_local`)).json()) as {
      nodes: Record<string, NodeInfo>;
    };
    const [node] = Object.values(nodes.nodes);
    expect(node?.roles).toContain('ingest');
    expect(node?.http.publish_address).toBe(new URL(engine.url).host);
    expect(node?.settings.cluster.routing.allocation.disk.watermark.flood_stage).toBe('200mb');
    await engine.stop();
    expect(isRunning(engine.pid, 'Engine.java')).toBe(false);
    expect(nodesOf(env)).toEqual([]);
    // It leaves the record of its classes, which makes the next start twice as fast.
    expect(readdirSync(jarsFolder())).toContainEqual(expect.stringMatching(/^classes-.*\.jsa$/));
  });

  test('it ends when its command is killed', async () => {
    const code = 'engine.startAttached().then((e) => { console.log(e.pid); setInterval(() => {}, 1000); });';
    const { child, line } = otherProcess(user('killed'), code);
    const pid = Number(await line);
    expect(isRunning(pid, 'Engine.java')).toBe(true);
    child.kill('SIGKILL');
    await eventually(() => !isRunning(pid, 'Engine.java'));
  });

  test('it ends when its command is killed while it is starting', async () => {
    const env = user('killed-early');
    const { child } = otherProcess(env, 'void engine.startAttached();');
    const pidFile = (): string => join(cacheOf(env).nodes, nodesOf(env)[0] ?? '', 'pid');
    await eventually(() => nodesOf(env).length > 0 && existsSync(pidFile()));
    const pid = Number(readFileSync(pidFile(), 'utf8'));
    await eventually(() => isRunning(pid, 'Engine.java'));
    child.kill('SIGKILL');
    await eventually(() => !isRunning(pid, 'Engine.java'));
  });

  test('it does not keep alive a command that did not stop it, and ends with it', async () => {
    const code = 'engine.startAttached().then((e) => { console.log(e.pid); });';
    const { child, line } = otherProcess(user('forgotten'), code);
    const pid = Number(await line);
    if (child.exitCode === null) await once(child, 'exit');
    await eventually(() => !isRunning(pid, 'Engine.java'));
  });

  test('the folder of a node that was killed is removed by a later start', async () => {
    const env = user('leftover');
    const left = join(cacheOf(env).nodes, 'node-left');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'pid'), String(process.pid)); // Another program has its process id now.
    const earlier = Date.now() / 1000 - 3600;
    utimesSync(left, earlier, earlier);
    const engine = await startAttached({ env });
    expect(nodesOf(env)).not.toContain('node-left');
    await engine.stop();
  });
});

describe('the embedded engine: detached', () => {
  test('two starts at once make one engine; it outlives them, and stop ends it and removes its data', async () => {
    const env = user('detached');
    const code = 'engine.startEngine().then((e) => { console.log(JSON.stringify(e)); });';
    const starts = [otherProcess(env, code), otherProcess(env, code)];
    const [first, second] = (await Promise.all(starts.map(({ line }) => line))).map(
      (text) => JSON.parse(text) as Started,
    );
    await eventually(() => starts.every(({ child }) => child.exitCode === 0));
    expect(second).toEqual(first);
    expect(await startEngine({ env })).toEqual(first);
    expect(await engineStatus(env)).toMatchObject({ running: true, answers: true, ...first });
    expect(await stopEngine(env)).toEqual({ stopped: true, ...first });
    expect(await engineStatus(env)).toEqual({ running: false });
    expect(isRunning(first?.pid ?? 0, 'Engine.java')).toBe(false);
    expect(nodesOf(env)).toEqual([]);
  });

  test('after a crash, status says that none runs, and a start makes a new one', async () => {
    const env = user('crashed');
    const crashed = await startEngine({ env });
    process.kill(crashed.pid, 'SIGKILL');
    await eventually(() => !isRunning(crashed.pid, 'Engine.java'));
    expect(await engineStatus(env)).toEqual({ running: false });
    const fresh = await startEngine({ env });
    expect(fresh.pid).not.toBe(crashed.pid);
    expect(nodesOf(env)).toHaveLength(1);
    await stopEngine(env);
  });

  test('a process that reuses the number of a dead engine is not ended', async () => {
    const env = user('reused');
    const other = spawn('sleep', ['300']);
    try {
      const { state, nodes } = cacheOf(env);
      const started = new Date().toISOString();
      writeFileSync(
        state,
        JSON.stringify({ url: 'http://127.0.0.1:9', pid: other.pid, started, folder: join(nodes, 'node-x') }),
      );
      expect(await engineStatus(env)).toEqual({ running: false });
      expect(await stopEngine(env)).toEqual({ stopped: false });
      expect(existsSync(state)).toBe(false);
      expect(other.exitCode ?? other.signalCode).toBeNull();
    } finally {
      other.kill();
    }
  });

  test('a state file that names a folder outside the cache does not have that folder removed', async () => {
    const env = user('forged');
    const precious = join(root, 'precious');
    mkdirSync(precious);
    const { state, nodes } = cacheOf(env);
    for (const folder of [precious, `${nodes}/../../../../precious`, nodes]) {
      writeFileSync(state, JSON.stringify({ url: 'http://127.0.0.1:9', pid: 999_999_999, started: 'x', folder }));
      await stopEngine(env);
    }
    expect(existsSync(precious)).toBe(true);
  });

  test('a state file without state counts as missing', async () => {
    const env = user('garbage');
    writeFileSync(cacheOf(env).state, 'not JSON');
    expect(await engineStatus(env)).toEqual({ running: false });
    expect(await stopEngine(env)).toEqual({ stopped: false });
  });
});
