import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';
import { cli, type Ended } from '../support/cli';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

let url: string;
let namespace: string;

beforeAll(async () => {
  url = (await testCluster()).url;
  namespace = freshNamespace();
});

function tool(...args: string[]): Promise<Ended> {
  return cli([...args, '--namespace', namespace], { env: { WMI_DETECTIONS_ES_URL: url } });
}

// One story, in order: what one command writes the next one reads.
test('a life cycle from the command line: plan --exit-code exits with 1 before a deploy and with 0 after it', async () => {
  expect((await tool('plan')).status).toBe(0);
  expect((await tool('plan', '--exit-code')).status).toBe(1);
  const deployed = await tool('deploy', '--output', 'json');
  expect(deployed).toMatchObject({ status: 0, stderr: '' });
  const { changes } = JSON.parse(deployed.stdout) as { changes: { kind: string; status: string }[] };
  expect(changes).toMatchObject([
    { kind: 'detection_rule', status: 'done' },
    { kind: 'detection_rule', status: 'done' },
  ]);
  const { status, stdout } = await tool('plan', '--exit-code');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Nothing to change: \d+ unchanged\.\n$/);
});

test('a life cycle from the command line: replay, run and alerts print the shapes that scripts rely on', async () => {
  const replayed = await tool('replay', join(PROGRAM_FOLDER, 'samples'), '--output', 'json');
  expect(JSON.parse(replayed.stdout)).toMatchObject({ read: 57, indexed: 57, failed: 0 });
  const ran = JSON.parse((await tool('run', '--output', 'json')).stdout) as { rules: Record<string, unknown>[] };
  expect(ran.rules.map((rule) => Object.keys(rule).sort())).toEqual(
    Array(2).fill(['alerts', 'events', 'from', 'name', 'new', 'timebase', 'to', 'uuid']),
  );
  const found = JSON.parse((await tool('alerts', '--output', 'json')).stdout) as { _id: string }[];
  expect(found).toHaveLength(32);
  expect(found.every(({ _id }) => /^[0-9a-f]{64}$/.test(_id))).toBe(true);
  const csv = (await tool('alerts', '--output', 'csv', '--limit', '1')).stdout.trimEnd().split('\r\n');
  expect(csv).toHaveLength(2);
});

test('a life cycle from the command line: a repeated list flag adds up', async () => {
  const { status, stderr } = await tool('plan', '--only', 'watch/a', '--only', 'watch/b');
  expect(status).toBe(2);
  expect(stderr).toContain('--only watch/a: the plan changes no such thing');
  expect(stderr).toContain('--only watch/b: the plan changes no such thing');
});

test('a life cycle from the command line: destroy --with-data warns about the data and refuses without a terminal', async () => {
  const { status, stderr } = await tool('destroy', '--with-data');
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /its events and alerts included\. (This deletes the rule “[^”]+”, which has 16 open alerts\. ){2}Nothing was changed\./,
  );
  expect((await tool('plan', '--exit-code')).status).toBe(0);
});
