import { threatOf } from '../../../src/detections/attack';
import { severityOf } from '../../../src/detections/rule';

test('ATT&CK fields of an alert: the tags of both detections are ECS threat fields', () => {
  expect(threatOf({ tags: ['attack.execution', 'attack.t1047'] })).toEqual({
    framework: 'MITRE ATT&CK',
    tactic: { id: ['TA0002'], name: ['Execution'], reference: ['https://attack.mitre.org/tactics/TA0002/'] },
    technique: {
      id: ['T1047'],
      name: ['Windows Management Instrumentation'],
      reference: ['https://attack.mitre.org/techniques/T1047/'],
    },
  });
});

test('ATT&CK fields of an alert: a sub-technique is listed beside its technique', () => {
  expect(threatOf({ tags: ['attack.t1546.003', 'attack.t1546'] }).technique).toEqual({
    id: ['T1546'],
    name: ['Event Triggered Execution'],
    reference: ['https://attack.mitre.org/techniques/T1546/'],
    subtechnique: {
      id: ['T1546.003'],
      name: ['Windows Management Instrumentation Event Subscription'],
      reference: ['https://attack.mitre.org/techniques/T1546/003/'],
    },
  });
});

test.each([
  [0, 'low', 21],
  [21, 'low', 21],
  [22, 'medium', 47],
  [25, 'medium', 47],
  [47, 'medium', 47],
  [48, 'high', 73],
  [49, 'high', 73],
  [73, 'high', 73],
  [74, 'critical', 99],
  [100, 'critical', 99],
] as const)('ATT&CK fields of an alert: a risk of %i is %s', (score, word, number) => {
  expect(severityOf(score)).toEqual({ word, number });
});
