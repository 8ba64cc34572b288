import { alerts } from '../../src/schedulers/alert-index-search';
import { alertIndex } from '../../src/detections/indices';
import { request } from '../support/request';
import { freshNamespace, dataset, sharedDataset, wmiChild, type Dataset } from '../support/dataset';
import { testCluster } from '../support/cluster';

const ids = async (here: Dataset, options: Parameters<Dataset['alerts']>[0]): Promise<unknown[]> =>
  (await here.alerts(options)).map((alert) => (alert.process as { pid?: number }).pid).sort();

/** Two alerts: pid 1 of alice on ws01 at 08:00, pid 2 of bob on ws02 from 10:00 to 11:00. */
async function twoAlerts(): Promise<Dataset> {
  const here = await dataset();
  await here.index([
    wmiChild('a', { 'process.pid': 1, '@timestamp': '2025-03-10T08:00:00Z' }),
    ...['2025-03-10T10:00:00Z', '2025-03-10T11:00:00Z'].map((time, each) =>
      wmiChild(`b${each}`, {
        'process.pid': 2,
        '@timestamp': time,
        'host.name': 'WS02.example.test',
        'user.name': null,
        'user.id': 'S-1-5-21-7',
      }),
    ),
  ]);
  await here.run();
  return here;
}

describe('alerts', () => {
  const unchanged = sharedDataset(twoAlerts);

  test('prints alerts in the documented form', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { 'user.effective.name': 'bob', 'process.pe.original_file_name': 'NOTEPAD.EXE' })]);
    await here.run();
    const [alert] = await here.alerts();
    const shown = JSON.stringify(alert).replace(/\.ds-[^"]*/, 'BACKING INDEX');
    expect(JSON.parse(shown)).toMatchInlineSnapshot(`
     {
       "@timestamp": "2025-03-10T12:00:00.000Z",
       "_id": "f19f3a9924d3d3e1111d797a529f79b0af0d01793a01ab9e21807ef4807916f3",
       "event": {
         "end": "2025-03-10T11:50:00.000Z",
         "kind": "alert",
         "risk_score": 49,
         "severity": 73,
         "start": "2025-03-10T11:50:00.000Z",
       },
       "host": {
         "name": "ws01.example.test",
       },
       "message": "a child of WmiPrvSE.exe on ws01.example.test",
       "process": {
         "command_line": "notepad.exe",
         "name": "notepad.exe",
         "parent": {
           "command_line": "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding",
           "pid": 612,
         },
         "pid": 4711,
       },
       "rule": {
         "author": [
           "A Tester",
         ],
         "description": "A rule of the tests.",
         "name": "Children of WmiPrvSE",
         "reference": [
           "https://attack.mitre.org/techniques/T1047/",
         ],
         "ruleset": "wmi-detections",
         "uuid": "5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2a3b",
         "version": "4",
       },
       "tags": [
         "attack.execution",
         "attack.t1047",
         "TTP",
       ],
       "threat": {
         "framework": "MITRE ATT&CK",
         "tactic": {
           "id": [
             "TA0002",
           ],
           "name": [
             "Execution",
           ],
           "reference": [
             "https://attack.mitre.org/tactics/TA0002/",
           ],
         },
         "technique": {
           "id": [
             "T1047",
           ],
           "name": [
             "Windows Management Instrumentation",
           ],
           "reference": [
             "https://attack.mitre.org/techniques/T1047/",
           ],
         },
       },
       "user": {
         "name": "alice",
       },
       "wmi_detections": {
         "ancestors": [
           {
             "id": "a",
             "index": "BACKING INDEX",
           },
         ],
         "count": 1,
         "risk_objects": [
           {
             "field": "host.name",
             "role": [
               "Victim",
             ],
             "score": 49,
             "type": "host",
             "value": "ws01.example.test",
           },
           {
             "field": "user.effective.name",
             "role": [
               "Victim",
             ],
             "score": 49,
             "type": "user",
             "value": "bob",
           },
         ],
         "scheduler": "local",
         "status": "open",
       },
     }
    `);
  });

  test('prints no alerts where there is no index', async () => {
    expect(await alerts(await testCluster(), { namespace: freshNamespace() })).toEqual([]);
  });

  test('lists the newest first, and a limit keeps those', async () => {
    const here = await twoAlerts();
    await here.index([wmiChild('c', { 'process.pid': 3, 'event.ingested': '2025-03-10T12:01:00Z' })]);
    here.at('2025-03-10T12:05:00Z');
    await here.run();
    expect((await here.alerts()).map((alert) => (alert.process as { pid: number }).pid)).toEqual([3, 2, 1]);
    expect((await here.alerts({ limit: 2 })).map((alert) => (alert.process as { pid: number }).pid)).toEqual([3, 2]);
  });

  test.each([
    [{ host: 'ws02.EXAMPLE.test' }, [2]],
    [{ host: 'ws02' }, []],
    [{ user: 'Alice' }, [1]],
    [{ user: 's-1-5-21-7' }, [2]],
    [{ rule: 'children of WmiPrvSE' }, [1, 2]],
    [{ rule: '5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2a3b' }, [1, 2]],
    [{ rule: 'another' }, []],
    [{ from: '2025-03-10T11:00:00Z' }, [2]],
    [{ from: '2025-03-10T11:00:00.001Z' }, []],
    [{ to: '2025-03-10T10:00:00.001Z' }, [1, 2]],
    [{ to: '2025-03-10T10:00:00Z' }, [1]],
    [{ from: '2025-03-10T10:30:00Z', to: '2025-03-10T10:40:00Z' }, [2]],
  ])('filters by %j', async (filter: Record<string, string>, expected) => {
    const time = (name: string): Record<string, number> =>
      name in filter ? { [name]: Date.parse(filter[name] ?? '') } : {};
    expect(await ids(unchanged(), { ...filter, ...time('from'), ...time('to') })).toEqual(expected);
  });

  test("filters by the analyst's status", async () => {
    const here = await twoAlerts();
    const [alert] = await here.alerts({ user: 'alice' });
    await request(here.cluster, {
      method: 'POST',
      path: `/${alertIndex(here.namespace)}/_update/${alert?._id ?? ''}`,
      query: { refresh: true },
      body: { doc: { wmi_detections: { status: 'closed' } } },
    });
    expect(await ids(here, { status: 'closed' })).toEqual([1]);
    expect(await ids(here, { status: 'open' })).toEqual([2]);
  });
});
