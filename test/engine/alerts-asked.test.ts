import { ownStreams } from '../../src/detections/indices';
import { dataset, type Dataset, wmiChild } from '../support/dataset';
import { received, type Received } from '../support/context';
import { request } from '../support/request';

/* "No alerts" is an answer only where the question could be asked. */

function give(here: Dataset, verb: string, argv: Record<string, unknown> = {}): Promise<Received> {
  return received(verb, { url: here.cluster.url, namespace: here.namespace, ...argv });
}

async function alerted(): Promise<Dataset> {
  const here = await dataset();
  await here.index([wmiChild('a')]);
  await here.run();
  return here;
}

test.each([
  ['alerts', {}],
  ['risk', { from: '2025-03-01', cap: 3 }],
  ['reconcile', { from: '2025-03-01', to: 'now' }],
])('%s: a namespace where nothing was deployed is refused, and one of the others is suggested', async (verb, argv) => {
  const here = await alerted();
  const mistyped = `${here.namespace.slice(0, -1)}${here.namespace.endsWith('x') ? 'y' : 'x'}`;
  const answer = await give(here, verb, { ...argv, namespace: mistyped });
  expect(answer).toMatchObject({ exit: 2, code: 'USAGE' });
  expect(answer.text).toContain(`nothing was ever deployed in namespace "${mistyped}"`);
  expect(answer.text).toContain('Did you mean');
});

test('alerts: a namespace with rules and no alert yet has no alerts', async () => {
  const here = await dataset();
  expect(await give(here, 'alerts')).toMatchObject({ exit: 0, json: [] });
});

test.each(['alerts', 'risk'])('%s: a period that ends before it begins is refused', async (verb) => {
  const here = await alerted();
  const answer = await give(here, verb, { from: '2025-03-11', to: '2025-03-10', cap: 3 });
  expect(answer).toMatchObject({ exit: 2, code: 'USAGE' });
  expect(answer.text).toContain('--from is not before --to');
});

test('alerts: a rule that nothing knows is refused', async () => {
  const answer = await give(await alerted(), 'alerts', { rule: 'nosuchrule' });
  expect(answer).toMatchObject({ exit: 2, code: 'USAGE' });
  expect(answer.text).toContain('there is no rule "nosuchrule"');
});

test.each([
  ['of the content, by its file name', 'windows_wmi_process_call_create', 0],
  ['that is stored, by its file name', 'wmi_children', 0],
  ['that only alerts name', 'Children of WmiPrvSE', 1],
])('alerts: a rule %s is known', async (_, rule, count) => {
  const { exit, json } = await give(await alerted(), 'alerts', { rule });
  expect([exit, (json as unknown[]).length]).toEqual([0, count]);
});

test.each(['alerts', 'risk'])('%s: a closed index of alerts is no empty one', async (verb) => {
  const here = await alerted();
  const path = `/wmi-detections-alerts-${here.namespace}`;
  await request(here.cluster, { method: 'POST', path: `${path}/_close` });
  const answer = await give(here, verb, { from: '2025-03-01', cap: 3 });
  expect(answer).toMatchObject({ exit: 2, code: 'REFUSED' });
  expect(answer.text).toContain('is closed');
  expect(answer.text).toContain(`POST ${path}/_open`);
});

test('reconcile: what the rules cannot see is an answer of its own, and no "nothing is missing"', async () => {
  const here = await alerted();
  const [sysmon = ''] = ownStreams(here.namespace);
  await request(here.cluster, { method: 'POST', path: `/${sysmon}/_rollover` });
  const { body } = await request<{ data_streams: { indices: { index_name: string }[] }[] }>(here.cluster, {
    method: 'GET',
    path: `/_data_stream/${sysmon}`,
  });
  const first = body.data_streams[0]?.indices[0]?.index_name ?? '';
  await request(here.cluster, { method: 'POST', path: `/${first}/_close` });
  const answer = await give(here, 'reconcile', { from: '2025-03-01', to: 'now', 'exit-code': true });
  expect(answer.exit).toBe(1);
  expect(answer.text).toContain(`${first} is closed: searches leave it out without an error`);
});
