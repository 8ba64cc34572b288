import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startAttached, freePorts } from '../../src/engine/start-node';
import { cacheOf } from '../../src/engine/cache';
import { isRunning } from '../../src/engine/processes';
import { jdk, messageOf } from '../support/temporary-folders';
import { ownCaches } from '../support/own-caches';

jest.setTimeout(240_000);

const { root, user, nodesOf } = ownCaches();

test('an embedded engine that fails: a port that somebody takes before the node does is replaced by another', async () => {
  const env = user('port-taken');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  let choices = 0;
  const choosePorts = async (count: number): Promise<number[]> => {
    choices += 1;
    const ports = await freePorts(count);
    return choices === 1 ? [port, ...ports.slice(1)] : ports;
  };
  const engine = await startAttached({ env, choosePorts });
  expect(choices).toBe(2);
  await engine.stop();
  taken.close();
});

test('an embedded engine that fails: a port that is taken twice is an error', async () => {
  const java = `echo 'Caused by: java.net.BindException: Address already in use'; exit 1`;
  expect(await failing('ports-taken', java)).toMatchInlineSnapshot(`
   "the embedded engine found its ports taken, twice: java.net.BindException: Address already in use
     Try again. If it goes on, look for a program that takes every port on 127.0.0.1."
  `);
});

test('an embedded engine that fails: a Java that does not start the node is reported with its last output, and the log is kept', async () => {
  const env = { ...user('memory'), WMI_DETECTIONS_ENGINE_HEAP: '1m' };
  const message = await messageOf(() => startAttached({ env }), root);
  expect(message).toMatch(/^the embedded engine ended while it was starting: .*(heap|memory|GC)/i);
  expect(message).toContain('1m of memory (WMI_DETECTIONS_ENGINE_HEAP)');
  expect(readFileSync(cacheOf(env).failureLog, 'utf8')).not.toBe('');
  expect(nodesOf(env)).toEqual([]);
});

test('an embedded engine that fails: an exception while the node starts is reported with its cause', async () => {
  const java = `cat <<'EOF'
Exception in thread "main" OpenSearchRunnerException: Failed to start node 1
	at org.codelibs.opensearch.runner.OpenSearchRunner.execute(OpenSearchRunner.java:579)
Caused by: java.lang.IllegalStateException: failed to obtain node locks
EOF
exit 1`;
  expect(await failing('exception', java)).toMatchInlineSnapshot(`
   "the embedded engine ended while it was starting: OpenSearchRunnerException: Failed to start node 1; java.lang.IllegalStateException: failed to obtain node locks
     It ran with Java 21.0.2 of <folder>/jdk-exception and 1g of memory (WMI_DETECTIONS_ENGINE_HEAP). The whole log: <folder>/exception/wmi-detections/engine/last-failure.log"
  `);
});

test('an embedded engine that fails: a disk that fills up while the node starts is reported as a full disk', async () => {
  const java = `echo 'Caused by: java.io.IOException: No space left on device'; exit 1`;
  expect(await failing('full', java)).toMatchInlineSnapshot(`
   "disk full: the embedded engine cannot write in <folder>/full/wmi-detections/engine (the engine says so)
     Free some space, or set XDG_CACHE_HOME to a folder on another disk."
  `);
});

test('an embedded engine that fails: a node that never answers is ended and reported', async () => {
  const pidFile = join(root, 'silent.pid');
  const message = await failing('silent', `echo $$ > ${pidFile}; echo still busy; exec sleep 300`);
  expect(message.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:<port>')).toMatchInlineSnapshot(`
   "the embedded engine did not answer at http://127.0.0.1:<port> within 2 seconds; its last words: still busy
     The machine may be very busy: try again. The whole log: <folder>/silent/wmi-detections/engine/last-failure.log"
  `);
  expect(isRunning(Number(readFileSync(pidFile, 'utf8')), 'sleep')).toBe(false);
});

test('an embedded engine that fails: a java that cannot be run is reported', async () => {
  const message = await failing('not-a-program', undefined);
  expect(message).toMatch(/ended while it was starting: spawn .* E(ACCES|NOEXEC|NOENT)/);
});

/** Starts with a JDK whose `java` does what the script says, or is no program. */
async function failing(name: string, java: string | undefined): Promise<string> {
  const home = jdk(join(root, `jdk-${name}`), { release: '21.0.2', ...(java !== undefined && { java }) });
  if (java === undefined) chmodSync(join(home, 'bin', 'java'), 0o644);
  const env = { ...user(name), JAVA_HOME: home };
  const message = await messageOf(() => startAttached({ env, waitSeconds: 2 }), root);
  expect(nodesOf(env)).toEqual([]);
  return message;
}
