import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../src/engine/processes';
import { PROGRAM_FOLDER } from '../../src/program';
import { stateIndex } from '../../src/detections/indices';
import { startCli, type Ended, type Running } from '../support/cli';
import { eventually } from '../support/eventually';
import { jdk, temporaryFolder } from '../support/temporary-folders';
import { ownCaches } from '../support/own-caches';
import { proxy, type Asked, type Fault, type Proxy } from '../support/proxy';
import { keepShared } from '../support/keep-shared';
import { clear, freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';
import { received } from '../support/context';

const folder = temporaryFolder();
const SAMPLES = join(PROGRAM_FOLDER, 'samples');

keepShared();
let namespace: string;
let between: Proxy;

beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(async () => {
  between.close();
  await clear(await testCluster(), namespace);
});

/** The program with a proxy before the engine, which holds the requests that it is told to hold. */
async function behind(hold: (asked: Asked) => Fault | undefined): Promise<void> {
  between = await proxy(await testCluster(), hold);
}

function environment(): Record<string, string> {
  return { WMI_DETECTIONS_ES_URL: between.url };
}

function start(args: string[], terminal = false): Running {
  return startCli([...args, '--namespace', namespace], { env: environment(), cwd: folder, terminal });
}

/** A command without interruption; that it ends well is asserted. */
async function healthy(verb: string, argv: Record<string, unknown> = {}): Promise<unknown> {
  const { url } = await testCluster();
  const { exit, text, json } = await received(verb, { url, namespace, ...argv });
  expect([exit, text]).toEqual([0, text]);
  return json;
}

/** Interrupts it as soon as the proxy holds a request. */
async function interrupted(...args: string[]): Promise<Ended> {
  const { child, ended } = start(args);
  await between.stalled;
  child.kill('SIGINT');
  const { status, stdout, stderr } = await ended;
  const plain = (text: string): string =>
    text
      .replaceAll(between.url, '<url>')
      .replaceAll(namespace, '<namespace>')
      .replace(/\d+ unchanged/, '<n> unchanged');
  return { status, stdout: plain(stdout), stderr: plain(stderr) };
}

const isRule = ({ method, path }: Asked, verb: string): boolean => method === verb && path.includes('/_doc/rule');
/** Holds the second of the requests that `which` picks. */
function second(which: (asked: Asked) => boolean, fault: Fault = 'stall'): (asked: Asked) => Fault | undefined {
  let count = 0;
  return (asked) => (which(asked) && ++count === 2 ? fault : undefined);
}

test('an interrupted command: plan reports that nothing was changed', async () => {
  await behind(({ path }) => (path.includes('/_ingest/pipeline') ? 'stall' : undefined));
  const { status, stdout, stderr } = await interrupted('plan');
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  expect(stderr.replace(/GET \S+:/, 'GET …:')).toMatchInlineSnapshot(`
   "error: GET …: interrupted; nothing was changed
   "
  `);
});

test('an interrupted command: deploy reports what was done, what was not and what is unknown; a second run does the rest', async () => {
  await behind(second((asked) => isRule(asked, 'PUT')));
  const { status, stdout } = await interrupted('deploy');
  expect(status).toBe(130);
  expect(stdout).toMatchInlineSnapshot(`
   "  + detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”  created
     + detection_rule/0661c2de-93de-11ec-9833-acde48001122 “Windows WMI Process Call Create”  failed: interrupted; it may have been done or not
   Deploy: 1 done, 1 failed, 0 skipped, <n> unchanged.
   Interrupted. The same command again does the rest.
   "
  `);
  await healthy('deploy');
  await healthy('plan', { 'exit-code': true });
});

test('an interrupted command: destroy reports what was done and what was not; a second run does the rest', async () => {
  await healthy('deploy');
  await behind(second((asked) => isRule(asked, 'DELETE')));
  const { status, stdout } = await interrupted('destroy', '--yes');
  expect(status).toBe(130);
  expect(stdout.replace(/^ +=.*\n/gm, '')).toMatchInlineSnapshot(`
   "  - detection_rule/0661c2de-93de-11ec-9833-acde48001122 “Windows WMI Process Call Create”  deleted
     - detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”  failed: interrupted; it may have been done or not
   Destroy: 1 done, 1 failed, 0 skipped, <n> unchanged.
   --with-data deletes the data of this namespace, and then what only it needs.
   Interrupted. The same command again does the rest.
   "
  `);
  await healthy('destroy');
  expect(await healthy('plan')).toMatchObject({ counts: { create: 2 } });
});

test('an interrupted command: run reports how many rules were run; a second run does the rest', async () => {
  await healthy('deploy');
  await healthy('replay', { files: [SAMPLES] });
  let rules = 0;
  await behind(({ method, path }) => {
    if (method === 'PUT' && path.includes('watermark')) rules += 1;
    return rules === 1 && /^\/logs-.*_search$/.test(path) ? 'stall' : undefined;
  });
  const { status, stderr } = await interrupted('run');
  expect(status).toBe(130);
  expect(stderr.replace(/POST \S+:/, 'POST …:')).toMatchInlineSnapshot(`
   "error: POST …: interrupted; 1 of 2 rules were run; the watermarks of the others stay, and their next run covers this one
   "
  `);
  await healthy('run');
  expect(await healthy('alerts')).toHaveLength(32);
});

test('an interrupted command: adopt reports what was adopted, what is unknown and what was not begun; a second run does the rest', async () => {
  await healthy('deploy');
  const { url } = await testCluster();
  const theirs = JSON.stringify({ script: 'ctx._source.managed_by = "somebody"', query: { term: { kind: 'rule' } } });
  const made = await fetch(`${url}/${stateIndex(namespace)}/_update_by_query?refresh=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: theirs,
  });
  expect(await made.json()).toMatchObject({ updated: 2 });
  const rules = ['24869767-8579-485d-9a4f-d9ddfd8f0cac', '0661c2de-93de-11ec-9833-acde48001122'];
  const things = rules.map((id) => `detection_rule/${id}`);
  await behind((asked) => (isRule(asked, 'PUT') ? 'stall' : undefined));
  const first = await interrupted('adopt', ...things, '--yes');
  expect(first.status).toBe(130);
  expect(first.stdout.replaceAll(/^ {6}.*\n/gm, '')).toMatchInlineSnapshot(`
   "  ! detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”  failed: interrupted; it may have been done or not
     ! detection_rule/0661c2de-93de-11ec-9833-acde48001122 “Windows WMI Process Call Create”  skipped: interrupted before it was begun
   Interrupted. The same command again does the rest.
   "
  `);
  between.close();

  await behind(second((asked) => isRule(asked, 'PUT')));
  const next = await interrupted('adopt', ...things, '--yes');
  expect(next.status).toBe(130);
  expect(next.stdout.replaceAll(/^ {6}.*\n/gm, '')).toMatchInlineSnapshot(`
   "  + detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”  adopted
     ! detection_rule/0661c2de-93de-11ec-9833-acde48001122 “Windows WMI Process Call Create”  failed: interrupted; it may have been done or not
   Interrupted. The same command again does the rest.
   "
  `);
  expect(await healthy('adopt', { things })).toMatchObject({ adopted: [{ status: 'adopted' }], ours: [things[0]] });
});

test('an interrupted command: alerts close reports what is unknown; a second run does the rest', async () => {
  await healthy('deploy');
  await healthy('replay', { files: [SAMPLES] });
  await healthy('run');
  const [one, two] = ((await healthy('alerts')) as { _id: string }[]).map(({ _id }) => _id);
  const ids = [one ?? '', two ?? ''];
  await behind(({ path }) => (path.endsWith('/_bulk') ? 'stall' : undefined));
  const { status, stdout } = await interrupted('alerts', 'close', ...ids);
  expect(status).toBe(130);
  expect(stdout.replaceAll(/^[0-9a-f]{12}/gm, '<id>')).toMatchInlineSnapshot(`
   "<id>  interrupted; it may have been done or not  Windows WMI Process Call Create on ws-107.lakeside.example
   <id>  interrupted; it may have been done or not  Windows WMI Process Call Create on dfe78cab3d93a18cb2e7149dc7a0e00e
   Interrupted. The same command again does the rest.
   "
  `);
  expect(await healthy('alerts', { action: 'close', ids })).toMatchObject({ changed: ids, unchanged: [] });
});

test('an interrupted command: alerts gives up a list', async () => {
  await healthy('deploy');
  await behind(({ path }) => (path.endsWith('_search') ? 'stall' : undefined));
  const { status, stderr } = await interrupted('alerts');
  expect(status).toBe(130);
  expect(stderr).toMatch(/^error: POST \S+: interrupted; nothing was changed\n$/);
});

/** So many events, more than one request of them. */
function log(events: number): string {
  const path = join(folder, `${namespace}.ndjson`);
  writeFileSync(
    path,
    Array.from({ length: events }, (_, id) => `{"RecordNumber":${id},"Channel":"System"}\n`).join(''),
  );
  return path;
}

/** How many events there are, each counted by its own number. */
async function numbers(): Promise<number> {
  const { url } = await testCluster();
  const index = `${url}/logs-wmi_detections.unrecognised-${namespace}`;
  await fetch(`${index}/_refresh`, { method: 'POST' });
  const answer = await fetch(`${index}/_search?size=5000&_source=false`);
  const { hits } = (await answer.json()) as { hits: { total: { value: number }; hits: unknown[] } };
  return hits.hits.length;
}

test('an interrupted command: replay reports how many events are indexed; a second run continues from there', async () => {
  await behind(second(({ path }) => path === '/_bulk', 'stall after'));
  const { status, stderr } = await interrupted('replay', log(700));
  expect(status).toBe(130);
  expect(stderr).toMatch(
    /interrupted; (?:0|500) events were indexed before, 0 were there already; a second run goes on/,
  );
  expect(await healthy('replay', { files: [log(700)] })).toMatchObject({ read: 700, failed: 0 });
  expect(await numbers()).toBe(700);
});

test('an interrupted command: replay that is killed continues from there and indexes nothing twice', async () => {
  await behind(second(({ path }) => path === '/_bulk', 'stall after'));
  const { child, ended } = start(['replay', log(1_200)]);
  // The engine has the second request, and the program will never hear of it.
  await between.stalled;
  child.kill('SIGKILL');
  expect((await ended).status).toBeNull();
  expect(await numbers()).toBeGreaterThan(0);
  const counts = (await healthy('replay', { files: [log(1_200)] })) as { indexed: number; duplicates: number };
  expect(counts).toMatchObject({ read: 1_200, failed: 0 });
  expect(counts.duplicates).toBeGreaterThan(0);
  expect(counts.indexed + counts.duplicates).toBe(1_200);
  expect(await numbers()).toBe(1_200);
});

const onTerminal = process.platform === 'linux' && existsSync('/usr/bin/script') ? describe : describe.skip;
onTerminal('on a terminal (skipped without util-linux, whose `script` makes one)', () => {
  const CTRL_C = '\u0003';

  test('an interrupted command: a second Ctrl-C ends a slow cleanup at once', async () => {
    await healthy('deploy');
    await healthy('replay', { files: [SAMPLES] });
    await behind(({ method, path }) => (method === 'DELETE' && path === '/_search/scroll' ? 'stall' : undefined));
    const { child, says, ended } = start(['run'], true);
    await between.stalled;
    child.stdin.write(CTRL_C);
    await says('Ctrl-C again ends at once');
    child.stdin.write(CTRL_C);
    expect(await ended).toMatchObject({ status: 130 });
  });

  test('an interrupted command: Ctrl-C removes the progress line before any message', async () => {
    await behind(second((asked) => isRule(asked, 'PUT')));
    const { child, says, ended } = start(['deploy'], true);
    await says('1/2 detection_rule');
    await between.stalled;
    child.stdin.write(CTRL_C);
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    const lines = stdout.split('\r\n');
    const ending = lines.find((line) => line.includes('Ending in order'));
    // What stood on the line was cleared; nothing of it is left behind the last words.
    expect(ending?.endsWith('\r\u001b[2KEnding in order; Ctrl-C again ends at once.')).toBe(true);
    expect(lines.at(-1)).toBe('');
    // Nothing was hidden or switched that would have to be switched back.
    expect(stdout).not.toContain('\u001b[?');
  });

  test('an interrupted command: Ctrl-C instead of an answer changes nothing', async () => {
    await healthy('deploy');
    await behind(() => undefined);
    const { child, says, ended } = start(['destroy'], true);
    await says('[y/N]');
    child.stdin.write(CTRL_C);
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain('interrupted; nothing was changed');
    await healthy('plan', { 'exit-code': true });
  });

  test('an interrupted command: the end of the input counts as the answer no', async () => {
    await healthy('deploy');
    await behind(() => undefined);
    const { child, says, ended } = start(['destroy'], true);
    await says('[y/N]');
    child.stdin.write('\u0004');
    const { status, stdout } = await ended;
    expect(status).toBe(2);
    expect(stdout).toContain('Nothing was changed');
  });
});

describe('an interrupted command: demo ends its engine', () => {
  const { user } = ownCaches();

  /** A Java that plays an engine which never gets further than `until`, and says so in a file. */
  function player(until: 'starting' | 'answering'): { env: NodeJS.ProcessEnv; held: string } {
    const held = join(folder, `held-${until}`);
    const script = join(folder, `engine-${until}.cjs`);
    writeFileSync(
      script,
      `const { writeFileSync } = require('node:fs');
       const { basename, dirname } = require('node:path');
       const [data, port] = process.argv.slice(-3);
       const held = () => writeFileSync(${JSON.stringify(held)}, String(process.pid));
       process.stdin.resume().on('end', () => process.exit(0));
       if (${JSON.stringify(until)} === 'starting') held();
       else require('node:http').createServer((request, response) => {
         const tell = (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
         if (request.url.startsWith('/_cluster/health')) tell({ status: 'yellow' });
         else if (request.url === '/') tell({
           cluster_name: 'wmi-detections-' + basename(dirname(data)),
           version: { number: '3.8.0', distribution: 'opensearch' },
         });
         else held();
       }).listen(Number(port), '127.0.0.1');`,
    );
    const home = jdk(join(folder, `jdk-${until}`), {
      release: '21.0.2',
      java: `exec '${process.execPath}' '${script}' "$@"`,
    });
    return { env: { ...user(until), JAVA_HOME: home }, held };
  }

  test.each(['starting', 'answering'] as const)('while it is %s', async (until) => {
    await behind(() => undefined);
    const { env, held } = player(until);
    const { child, ended } = startCli(['demo'], { env, cwd: folder });
    const pid = await eventually(() => existsSync(held) && readFileSync(held, 'utf8'));
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(stderr).toMatch(/interrupted.*; the embedded engine was ended/);
    expect(isRunning(Number(pid), `engine-${until}.cjs`)).toBe(false);
  });
});
