import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readWatermark } from '../../src/schedulers/local/state';
import { cli, startCli, type Running } from '../support/cli';
import { proxy } from '../support/proxy';
import { dataset, storeRule, wmiChild, type Dataset } from '../support/dataset';

function start(here: Dataset, url: string, ...args: string[]): Running {
  return startCli(['run', '--watch', '--es-url', url, '--namespace', here.namespace, ...args]);
}

async function nextLine(from: NodeJS.ReadableStream): Promise<string> {
  const [line] = (await once(createInterface({ input: from }), 'line')) as [string];
  return line;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'run as a process: a watch that waits ends on %s with 130',
  async (signal) => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    const { child, ended } = start(here, here.cluster.url, '--output', 'json');
    await nextLine(child.stdout);
    child.kill(signal);
    const { status, stdout, stderr } = await ended;
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
    // One JSON document a line, each the run of one rule.
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ uuid: here.rule.uuid, events: 1, alerts: 1, new: 1, from: null });
  },
);

test('run as a process: SIGTERM while alerts are written lets the window be finished', async () => {
  const here = await dataset();
  await here.index([wmiChild('a'), wmiChild('b', { '@timestamp': '2025-03-09T10:00:00Z' })]);
  const between = await proxy(here.cluster, ({ path, before }) => {
    // Two days, so two requests; a second signal would not wait.
    if (path.endsWith('/_bulk') && before === 0) running.child.kill('SIGTERM');
    return undefined;
  });
  const running = start(here, between.cluster.url);
  const { status, stdout } = await running.ended;
  between.close();
  expect(status).toBe(130);
  expect(stdout).toMatch(
    /^Children of WmiPrvSE: 2 events, 2 alerts, 2 new {2}\(event\.ingested from the beginning to .*\)\n$/,
  );
  expect(await readWatermark(here.cluster, here.namespace, here.rule.uuid)).not.toBeNull();
});

test('run as a process: SIGTERM while events are searched leaves the window untouched', async () => {
  const here = await dataset();
  await here.index([wmiChild('a')]);
  const between = await proxy(here.cluster, ({ path }) => (/^\/logs-.*\/_search$/.test(path) ? 'stall' : undefined));
  const { child, ended } = start(here, between.cluster.url);
  await between.stalled;
  child.kill('SIGTERM');
  expect(await ended).toEqual({ status: 130, stdout: '', stderr: '' });
  between.close();
  expect(await readWatermark(here.cluster, here.namespace, here.rule.uuid)).toBeNull();
  expect(await here.run()).toMatchObject({ new: 1 });
});

test('run as a process: a run without --watch ends on SIGTERM in the same way and reports it', async () => {
  const here = await dataset();
  await here.index([wmiChild('a')]);
  const between = await proxy(here.cluster, ({ path }) => (/^\/logs-.*\/_search$/.test(path) ? 'stall' : undefined));
  const { child, ended } = startCli(['run', '--es-url', between.cluster.url, '--namespace', here.namespace]);
  await between.stalled;
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({
    status: 130,
    stdout: '',
    stderr: expect.stringMatching(/: interrupted; 0 of 1 rules were run; the watermarks of the others stay/) as string,
  });
  between.close();
  expect(await readWatermark(here.cluster, here.namespace, here.rule.uuid)).toBeNull();
});

test('run as a process: an error goes to standard error and does not end the watch', async () => {
  const here = await dataset();
  const broken = { ...here.rule, uuid: '00000000-0000-4000-8000-000000000000', name: 'A broken rule' };
  const query = { range: { 'process.pid': { gte: 'no number' } } };
  const stored = { kind: 'rule', managed_by: 'wmi-detections', digest: '', rule: broken, query } as const;
  await here.index([wmiChild('a')]);
  await storeRule(here.cluster, here.namespace, { ...stored, indices: [`logs-*-${here.namespace}`] });
  const { child, ended } = start(here, here.cluster.url);
  // The broken one is the first of the two.
  expect(await nextLine(child.stdout)).toMatch(/^Children of WmiPrvSE: 1 event, 1 alert, 1 new/);
  child.kill('SIGTERM');
  const { status, stderr } = await ended;
  expect(status).toBe(130);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^error: .*rule "A broken rule": .*no number/),
    '  It is refused for good, and reported once: correct the rule and deploy it. The run after that covers this one.',
    '',
  ]);
});

test('run as a process: --watch with a period or a dry run is refused, all at once', async () => {
  const { status, stdout, stderr } = await cli(['run', '--watch', '--from', 'now-1h', '--dry-run']);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatchInlineSnapshot(`
   "error: --watch and --from do not go together
   error: --watch and --dry-run do not go together
     A watch runs the rules over what comes in from now on. Run without --watch for a period, or to try.
   "
  `);
});

test('run as a process: a watch over rules that are not stored is an error at once', async () => {
  const here = await dataset();
  const { status, stderr } = await start(here, here.cluster.url, '--rule', 'nobody').ended;
  expect(status).toBe(2);
  expect(stderr).toContain('no rule "nobody" is stored');
});

test('run as a process: reports that it is a dry run', async () => {
  const here = await dataset();
  await here.index([wmiChild('a')]);
  const { stdout } = await cli(['run', '--dry-run', '--es-url', here.cluster.url, '--namespace', here.namespace]);
  expect(stdout).toMatch(/^ {2}Children of WmiPrvSE: 1 event, 1 alert, 1 new .*\nDry run: nothing was written\.\n$/);
  expect(await here.run()).toMatchObject({ new: 1 });
});
