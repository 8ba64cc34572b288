import { runRules } from '../../src/schedulers/local/run-rules';
import { join } from 'node:path';
import { defaultIndices } from '../../src/detections/indices';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { dataset, storeRule, wmiChild } from '../support/dataset';

test('run: both shipped rules run as they are stored, each with its own risk, severity and message', async () => {
  const here = await dataset();
  for (const rule of readRules(join(__dirname, '..', '..', 'rules'))) {
    const indices = defaultIndices(here.namespace);
    const body = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
    await storeRule(here.cluster, here.namespace, { ...body, rule, query: toQueryDsl(rule), indices });
  }
  const command = {
    'process.command_line': 'wmic  /node:ws02 process call create calc.exe',
    'process.name': 'WMIC.exe',
  };
  await here.index([wmiChild('child'), wmiChild('call', { ...command, 'process.parent.name': 'cmd.exe' })]);
  const { rules } = await runRules(here.cluster, {
    namespace: here.namespace,
    now: () => Date.parse('2025-03-10T12:00:00Z'),
  });
  expect(rules.map(({ name, events, alerts, new: fresh }) => [name, events, alerts, fresh])).toEqual([
    ['Children of WmiPrvSE', 1, 1, 1],
    ['Process Execution via WMI', 1, 1, 1],
    ['Windows WMI Process Call Create', 1, 1, 1],
  ]);
  const said = (name: string) =>
    here.alerts({ rule: name }).then(([alert]) => ({
      event: alert?.event,
      message: alert?.message,
      objects: (alert?.wmi_detections as { risk_objects: unknown }).risk_objects,
      tags: alert?.tags,
    }));
  expect(await said('Process Execution via WMI')).toMatchInlineSnapshot(`
   {
     "event": {
       "end": "2025-03-10T11:50:00.000Z",
       "kind": "alert",
       "risk_score": 49,
       "severity": 73,
       "start": "2025-03-10T11:50:00.000Z",
     },
     "message": "A remote instance execution of wmic.exe that will spawn WmiPrvSE.exe in host ws01.example.test",
     "objects": [
       {
         "field": "user.name",
         "role": [
           "Victim",
         ],
         "score": 49,
         "type": "user",
         "value": "alice",
       },
       {
         "field": "host.name",
         "role": [
           "Victim",
         ],
         "score": 49,
         "type": "host",
         "value": "ws01.example.test",
       },
     ],
     "tags": [
       "attack.execution",
       "attack.t1047",
       "TTP",
     ],
   }
  `);
  expect(await said('Windows WMI Process Call Create')).toMatchInlineSnapshot(`
   {
     "event": {
       "end": "2025-03-10T11:50:00.000Z",
       "kind": "alert",
       "risk_score": 25,
       "severity": 47,
       "start": "2025-03-10T11:50:00.000Z",
     },
     "message": "process with wmic  /node:ws02 process call create calc.exe commandline executed in ws01.example.test",
     "objects": [
       {
         "field": "user.name",
         "role": [
           "Victim",
         ],
         "score": 25,
         "type": "user",
         "value": "alice",
       },
       {
         "field": "host.name",
         "role": [
           "Victim",
         ],
         "score": 25,
         "type": "host",
         "value": "ws01.example.test",
       },
     ],
     "tags": [
       "attack.execution",
       "attack.t1047",
       "Hunting",
       "Volt Typhoon",
       "Qakbot",
       "IcedID",
       "Suspicious WMI Use",
       "CISA AA23-347A",
     ],
   }
  `);
});
