import type { JsonRecord } from '../../../src/json';
import { alertsCsv } from '../../../src/report/alerts-csv';
import { alertsTable } from '../../../src/report/alerts-table';

function alert(change: JsonRecord = {}): Record<string, unknown> {
  return {
    _id: 'ab12',
    '@timestamp': '2025-03-10T12:00:00.000Z',
    event: { start: '2025-03-10T11:50:00.123Z', end: '2025-03-10T11:59:00.000Z', risk_score: 49, severity: 73 },
    rule: { uuid: '24869767', name: 'Process Execution via WMI', version: '4' },
    threat: { technique: { id: ['T1047'] }, tactic: { id: ['TA0002'] } },
    host: { name: 'ws01.example.test' },
    user: { name: 'alice' },
    process: { name: 'notepad.exe', pid: 4711, command_line: 'notepad.exe C:\\notes.txt' },
    wmi_detections: { count: 2, status: 'open' },
    message: 'a child, "so to say"',
    ...change,
  };
}

const commandLine = (text: string): Record<string, unknown> => alert({ process: { command_line: text } });

describe('the table of alerts', () => {
  test('has one line for each', () => {
    expect(alertsTable([alert(), alert({ rule: { name: 'Short' }, event: { severity: 21, risk_score: 7 } })]))
      .toMatchInlineSnapshot(`
     "TIME (UTC)           RULE                       RISK  SEVERITY  TECHNIQUE  HOST               USER   COUNT  PROCESS
     2025-03-10 11:50:00  Process Execution via WMI  49    high      T1047      ws01.example.test  alice  2      notepad.exe C:\\notes.txt
     2025-03-10 12:00:00  Short                      7     low       T1047      ws01.example.test  alice  2      notepad.exe C:\\notes.txt"
    `);
  });

  test('reports an empty list', () => {
    expect(alertsTable([])).toBe('No alerts.');
  });

  test('cuts the command line to the width of the terminal', () => {
    const lines = alertsTable([commandLine('x'.repeat(500))], 140).split('\n');
    expect(lines[1]).toHaveLength(140);
    expect(lines[1]?.endsWith('x…')).toBe(true);
  });

  test('gives the command line a line of its own where the terminal is narrow', () => {
    const user = { name: 'a.very.long.user.name.indeed' };
    expect(alertsTable([alert({ user }), alert()], 90)).toMatchInlineSnapshot(`
     "TIME (UTC)           RULE           RISK  SEVERITY  TECHNIQUE  HOST        USER      COUNT
       PROCESS
     2025-03-10 11:50:00  Process Exec…  49    high      T1047      ws01.exam…  a.very.…  2
       notepad.exe C:\\notes.txt
     2025-03-10 11:50:00  Process Exec…  49    high      T1047      ws01.exam…  alice     2
       notepad.exe C:\\notes.txt"
    `);
  });

  test.each([20, 80, 100, 120, 200])('has no line longer than a terminal of %i characters', (width) => {
    const host = { name: 'h'.repeat(300) };
    const lines = alertsTable([alert({ host }), commandLine('x'.repeat(500))], width).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  test('leaves the command line whole where no width is given', () => {
    expect(alertsTable([commandLine('x'.repeat(500))])).toContain('x'.repeat(500));
  });

  test('does not cut a character in two', () => {
    const [, line] = alertsTable([commandLine('😀'.repeat(500))], 140).split('\n');
    expect(line).toMatch(/😀…$/u);
    expect(line).not.toMatch(/\p{Cs}/u);
  });

  test('shows an absent value as a dash', () => {
    const [, line] = alertsTable([alert({ user: undefined, host: undefined, process: undefined })]).split('\n');
    expect(line?.split(/ {2,}/).slice(-4)).toEqual(['-', '-', '2', '-']);
  });

  test('has nothing in it that acts on a terminal', () => {
    const hostile = '\u001b[2J\u001b]0;owned\u0007\r\ngood\u202Etxt.exe';
    const table = alertsTable([alert({ user: { name: hostile }, process: { command_line: hostile } })]);
    expect(table.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(table.split('\n')).toHaveLength(2);
  });

  test('handles many alerts', () => {
    const many = Array.from({ length: 20_000 }, () => alert());
    expect(alertsTable(many).split('\n').length).toBe(20_001);
  });
});

describe('alerts as CSV', () => {
  test('has a header and one record for each, as RFC 4180 wants', () => {
    expect(alertsCsv([alert()])).toMatchInlineSnapshot(`
     "_id,timestamp,event.start,event.end,wmi_detections.count,wmi_detections.status,rule.uuid,rule.name,rule.version,event.risk_score,event.severity,threat.tactic.id,threat.technique.id,host.name,host.id,user.name,user.id,process.name,process.pid,process.executable,process.command_line,process.pe.original_file_name,process.entity_id,process.parent.name,process.parent.pid,process.parent.executable,process.parent.command_line,message
     ab12,2025-03-10T12:00:00.000Z,2025-03-10T11:50:00.123Z,2025-03-10T11:59:00.000Z,2,open,24869767,Process Execution via WMI,4,49,73,TA0002,T1047,ws01.example.test,,alice,,notepad.exe,4711,,notepad.exe C:\\notes.txt,,,,,,,"a child, ""so to say"""
     "
    `);
  });

  test('has only the header when there is none', () => {
    expect(alertsCsv([]).split('\r\n')).toHaveLength(2);
  });

  test.each(['=cmd|calc', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])('%j is not written as a formula', (text) => {
    const csv = alertsCsv([commandLine(text)]);
    expect(csv).toContain(`'${text}`);
    expect(csv).not.toContain(`,${text}`);
  });

  test('a text that is no formula stays as it is', () => {
    expect(alertsCsv([commandLine('a=b -c')])).toContain(',a=b -c,');
  });

  test('a number stays a number', () => {
    expect(alertsCsv([alert({ process: { pid: -1 } })])).toContain(',-1,');
  });
});
