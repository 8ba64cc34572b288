import { alertIndex } from '../../src/detections/indices';
import { readWatermark } from '../../src/schedulers/local/state';
import { request } from '../support/request';
import { cli, startCli, type Ended } from '../support/cli';
import { proxy, type Fault } from '../support/proxy';
import { dataset, wmiChild, type Event, type Dataset } from '../support/dataset';

const GROUPS = 40;
const arrived = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * 60_000).toISOString();

/** Groups of two events each, half of them a day earlier than the others: their alerts are written in two requests. */
function events(): Event[] {
  const ingested = arrived(3);
  return Array.from({ length: 2 * GROUPS }, (_, each) => {
    const pid = each % GROUPS;
    const day = pid % 2 === 0 ? '2025-03-10' : '2025-03-09';
    const fields = { '@timestamp': `${day}T10:00:00.000Z`, 'event.ingested': ingested, 'process.pid': pid };
    return wmiChild(`e${each}`, fields);
  });
}

function tool(here: Dataset, url: string, ...args: string[]): Promise<Ended> {
  return cli(['run', '--output', 'json', '--es-url', url, '--namespace', here.namespace, ...args]);
}

/** What the alerts say, without when they were written. */
async function said(here: Dataset): Promise<unknown[]> {
  const { body } = await request<{ hits: { hits: { _id: string; _source: Record<string, unknown> }[] } }>(
    here.cluster,
    {
      method: 'POST',
      path: `/${alertIndex(here.namespace)}/_search`,
      body: { size: GROUPS + 1 },
    },
  );
  return body.hits.hits
    .map(({ _id, _source }) => {
      const { ancestors, ...rest } = _source.wmi_detections as { ancestors: { id: string }[] };
      const wmi_detections = { ...rest, ancestors: ancestors.map(({ id }) => id) };
      return { ..._source, '@timestamp': undefined, _id, wmi_detections };
    })
    .sort((left, right) => (left._id < right._id ? -1 : 1));
}

let perfect: unknown[];

beforeAll(async () => {
  const here = await dataset();
  await here.index(events());
  expect((await tool(here, here.cluster.url)).status).toBe(0);
  perfect = await said(here);
  expect(perfect).toHaveLength(GROUPS);
});

test.each<[string, RegExp, number, Fault]>([
  ['before the first alerts are written', /\/_bulk$/, 0, 'stall'],
  ['when the first alerts are written and it does not know it', /\/_bulk$/, 0, 'stall after'],
  ['before the last alerts are written', /\/_bulk$/, 1, 'stall'],
  ['before the watermark is moved', /\/_doc\/watermark/, 1, 'stall'],
  ['when the watermark is moved and it does not know it', /\/_doc\/watermark/, 1, 'stall after'],
])('run that is killed: with kill -9 %s is completed by the next run', async (_, path, before, moment) => {
  const here = await dataset();
  await here.index(events());
  const between = await proxy(here.cluster, (asked) =>
    path.test(asked.path) && asked.before === before ? moment : undefined,
  );
  const { namespace } = here;
  const { child, ended } = startCli(['run', '--es-url', between.cluster.url, '--namespace', namespace]);
  await between.stalled;
  child.kill('SIGKILL');
  expect(await ended).toMatchObject({ status: null, stdout: '' });
  between.close();

  const again = await tool(here, here.cluster.url);
  expect(again).toMatchObject({ status: 0, stderr: '' });
  expect(await said(here)).toEqual(perfect);
  expect(await readWatermark(here.cluster, namespace, here.rule.uuid)).not.toBeNull();
});
