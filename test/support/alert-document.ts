import type { AlertDocument } from '../../src/notify/message';

/** An alert as the local scheduler writes it, with other parts where `change` has them. */
export function alertDocument(change: Readonly<Record<string, unknown>> = {}): AlertDocument {
  return {
    _id: '47e10567670b'.padEnd(64, '0'),
    '@timestamp': '2025-03-11T11:22:00.000Z',
    event: {
      kind: 'alert',
      risk_score: 49,
      severity: 73,
      start: '2025-03-11T11:21:15.031Z',
      end: '2025-03-11T11:21:16.031Z',
    },
    message: 'a child of WmiPrvSE.exe on ws-107.example.test',
    rule: { uuid: '24869767-8579-485d-9a4f-d9ddfd8f0cac', name: 'Process Execution via WMI' },
    threat: {
      framework: 'MITRE ATT&CK',
      technique: {
        id: ['T1047'],
        name: ['Windows Management Instrumentation'],
        reference: ['https://attack.mitre.org/techniques/T1047/'],
      },
    },
    host: { name: 'ws-107.example.test' },
    user: { name: 'ines' },
    process: {
      name: 'cmd.exe',
      pid: 9066,
      command_line: 'cmd.exe /c "tasklist & dir" > out.txt',
      parent: { name: 'WmiPrvSE.exe', command_line: 'C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured' },
    },
    wmi_detections: { count: 2, status: 'open', scheduler: 'local', notified: [{ to: 'soc', state: 'sending' }] },
    ...change,
  };
}
