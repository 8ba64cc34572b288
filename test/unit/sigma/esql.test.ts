import { toEsql } from '../../../src/sigma/compile/esql';
import { readFieldTypes } from '../../../src/sigma/field-types';
import { groupValue } from '../../../src/detections/group';
import { readRules } from '../../../src/detections/rule';
import { esqlMatches, runEsql } from '../../support/esql-evaluator';
import { ruleOf } from '../../support/rule';

const INDICES = ['logs-sysmon.process_creation-default', 'winlogbeat-*'];

/** The last condition of the query of a rule with one search. */
function where(search: string, condition = 'a'): string {
  const query = toEsql(ruleOf(`a:\n  ${search}\ncondition: ${condition}`), INDICES);
  return /\n {4}AND ([^|]*)\n\|/.exec(query.slice(query.lastIndexOf('\n    AND ')))?.[1] ?? '';
}

test('ES|QL: prints a shipped rule as an analyst reads it in Kibana', () => {
  const [viaWmi] = readRules('rules', readFieldTypes('.'));
  expect(viaWmi === undefined ? '' : toEsql(viaWmi, INDICES)).toMatchInlineSnapshot(`
   "FROM logs*-sysmon.process_creation-default, winlogbeat-* METADATA _id, _index, _version
   | WHERE CONCAT(",", MV_CONCAT(event.category, ","), ",") LIKE "*,process,*"
       AND CONCAT(",", MV_CONCAT(event.type, ","), ",") LIKE "*,start,*"
       AND process.parent.name RLIKE "[wW][mM][iI][pP][rR][vV][sS][eE]\\\\.[eE][xX][eE]"
   | EVAL host.name = COALESCE(MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(host.name))), ", "), MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(host.id))), ", ")),
       user.name = COALESCE(MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(user.name))), ", "), MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(user.id))), ", ")),
       process.parent.command_line = MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(process.parent.command_line))), ", "),
       process.name = MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(process.name))), ", "),
       process.command_line = MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(process.command_line))), ", "),
       process.pid = MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(process.pid))), ", "),
       process.parent.pid = MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(process.parent.pid))), ", ")
   | STATS wmi_detections.count = COUNT(*), event.start = MIN(@timestamp), event.end = MAX(@timestamp)
       BY host.name, user.name, process.parent.command_line, process.name, process.command_line, process.pid, process.parent.pid"
  `);
});

test.each([
  ['a value ignores case', 'process.name: Wm1', 'process.name RLIKE "[wW][mM]1"'],
  ['a value whose case counts', 'process.name|cased: Wm1', 'process.name == "Wm1"'],
  ['a value without letters', "process.name: '4711'", 'process.name == "4711"'],
  ['a wildcard', "process.name: 'w?c*'", 'process.name RLIKE "[wW].[cC].*"'],
  ['a wildcard whose case counts', "process.name|cased: 'w?c*'", 'process.name LIKE "w?c*"'],
  ['blanks on both sides', "process.command_line|contains: ' a '", 'process.command_line RLIKE ".* [aA] .*"'],
  ['any value', "process.name: '*'", 'process.name IS NOT NULL'],
  ['no value', 'process.name: null', 'process.name IS NULL'],
  ['a number', 'process.pid: 3', 'process.pid == 3'],
  ['a network', 'source.ip|cidr: 10.0.0.0/8', 'CIDR_MATCH(source.ip, "10.0.0.0/8")'],
  ['a path', "process.executable|endswith: '\\1'", 'process.executable LIKE "*\\\\\\\\1"'],
  ['a quote', "process.name|cased: 'a\"b'", 'process.name == "a\\"b"'],
  ['a line feed', 'process.name|cased: "a\\nb"', 'process.name == "a\\nb"'],
  ['a wildcard as itself beside one', "process.name|cased: 'a\\?b*'", 'process.name LIKE "a\\\\?b*"'],
  ['a field with a dash', 'x.a-b: 1', 'x.`a-b` == 1'],
])('ES|QL: %s', (_, search, expected) => {
  expect(where(search)).toBe(expected);
});

test('ES|QL: below a NOT, a missing field is a plain false', () => {
  expect(where('process.name: x', 'not a')).toBe('NOT COALESCE(process.name RLIKE "[xX]", false)');
  const event = { 'process.pid': 3 };
  expect(esqlMatches('FROM a | WHERE NOT process.name RLIKE "[xX]"', [event])).toEqual([false]);
  expect(esqlMatches('FROM a | WHERE NOT COALESCE(process.name RLIKE "[xX]", false)', [event])).toEqual([true]);
});

test('ES|QL: a process starts when start is among its types, not in the name of one', () => {
  const query = toEsql(ruleOf('a:\n  process.pid: 3\ncondition: a'), INDICES);
  const of = (types: string[]) => ({ 'event.category': ['process'], 'event.type': types, 'process.pid': 3 });
  expect(esqlMatches(query, [of(['start']), of(['info', 'start']), of(['restart']), of([])])).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('ES|QL: of a field with several values no comparison holds: it neither alerts nor silences', () => {
  const query = toEsql(ruleOf('a:\n  process.pid: 3\ncondition: a'), INDICES);
  const event = { 'event.category': 'process', 'event.type': 'start' };
  expect(
    esqlMatches(query, [
      { ...event, 'process.pid': 3 },
      { ...event, 'process.pid': [3, 4] },
    ]),
  ).toEqual([true, false]);
});

test('ES|QL: groups are those of the local scheduler, nulls and fallbacks included', () => {
  const rule = {
    ...ruleOf('a:\n  process.pid: 3\ncondition: a'),
    groupBy: ['host.name', 'process.pid', 'process.args'],
  };
  const event = { 'event.category': 'process', 'event.type': 'start', 'process.pid': 3 };
  const events = [
    { ...event, 'host.name': 'ws', 'process.args': ['b', 'a', 'b'], '@timestamp': '2026-01-01T00:00:01Z' },
    { ...event, 'host.name': 'ws', 'process.args': ['a', 'b'], '@timestamp': '2026-01-01T00:00:03Z' },
    { ...event, 'host.id': 'agent-7', '@timestamp': '2026-01-01T00:00:02Z' },
    { ...event, '@timestamp': '2026-01-01T00:00:02Z' },
  ];
  const rows = runEsql(toEsql(rule, INDICES), events);
  expect(rows.map((row) => rule.groupBy.map((field) => row[field]))).toEqual(
    [events[0], events[2], events[3]].map((one) => rule.groupBy.map((field) => groupValue(one, field))),
  );
  expect(rows[0]).toMatchObject({
    'wmi_detections.count': 2,
    'event.start': '2026-01-01T00:00:01Z',
    'event.end': '2026-01-01T00:00:03Z',
  });
});

test('ES|QL: an index that is not there yet is no error; names are quoted where they must be', () => {
  const from = (...indices: string[]): string =>
    toEsql(ruleOf('a:\n  process.pid: 3\ncondition: a'), indices).split('\n')[0] ?? '';
  expect(from(...INDICES, 'cluster:logs-x', 'events')).toMatchInlineSnapshot(
    `"FROM logs*-sysmon.process_creation-default, winlogbeat-*, "cluster:logs*-x", events METADATA _id, _index, _version"`,
  );
});

test('ES|QL: a value too long to spell out both cases is refused with its field', () => {
  const long = 'x'.repeat(260);
  expect(where(`process.name|cased: ${long}`)).toBe(`process.name == "${long}"`);
  expect(() => where(`process.name: ${long}`)).toThrowErrorMatchingInlineSnapshot(`
   "ES|QL cannot compare process.name with a value as long as this without regard to case
     Look for several shorter pieces under |contains|all, or let the rule be of type eql."
  `);
});
