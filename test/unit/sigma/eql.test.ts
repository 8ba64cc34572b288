import { toEql } from '../../../src/sigma/compile/eql';
import { readFieldTypes } from '../../../src/sigma/field-types';
import { readRules } from '../../../src/detections/read-rules';
import { eqlMatcher } from '../../support/eql-evaluator';
import { ruleOf } from '../../support/rule';

/** The query of a rule with one search, less its first lines, which are those of every rule. */
function eql(search: string, condition = 'a'): string {
  const [first, system, ...rest] = toEql(ruleOf(`a:\n  ${search}\ncondition: ${condition}`)).split(' and\n  ');
  expect(first).toBe('process where event.type == "start"');
  expect(system).toBe('not (?host.os.type != null and ?host.os.type in ("linux", "macos"))');
  return rest.join(' and\n  ');
}

test('EQL: prints the shipped rules as an analyst reads them in Kibana', () => {
  const queries = readRules('rules', readFieldTypes('.')).map((rule) => toEql(rule));
  expect(queries.join('\n\n')).toMatchInlineSnapshot(`
   "process where event.type == "start" and
     not (?host.os.type != null and ?host.os.type in ("linux", "macos")) and
     ?process.parent.name : "WmiPrvSE.exe"

   process where event.type == "start" and
     not (?host.os.type != null and ?host.os.type in ("linux", "macos")) and
     (?process.name : "wmic.exe" or ?process.pe.original_file_name : "wmic.exe") and
     ?process.command_line : "* process *" and
     ?process.command_line : "* call *" and
     ?process.command_line : "* create *""
  `);
});

test.each([
  ['a value ignores case', 'process.name: WMIC.exe', '?process.name : "WMIC.exe"'],
  ['a value whose case counts', 'process.name|cased: WMIC.exe', '?process.name == "WMIC.exe"'],
  ['a value without letters', "process.name: '4711'", '?process.name == "4711"'],
  ['a wildcard', "process.name: 'wm?c*'", '?process.name : "wm?c*"'],
  ['a wildcard whose case counts', "process.name|cased: 'wm?c*'", '?process.name like "wm?c*"'],
  ['blanks on both sides', "process.command_line|contains: ' call '", '?process.command_line : "* call *"'],
  ['several values of a field', 'process.name: [a, b]', '?process.name : ("a", "b")'],
  ['several values whose case counts', 'process.name|cased: [a, b]', '?process.name in ("a", "b")'],
  ['an empty text', "process.name: ''", '?process.name == ""'],
  ['any value', "process.name: '*'", '?process.name != null'],
  ['no value', 'process.name: null', '?process.name == null'],
  ['a number', 'process.pid: 3', '?process.pid == 3'],
  ['several numbers', 'process.pid: [3, -4]', '?process.pid in (3, -4)'],
  ['a network', 'source.ip|cidr: [10.0.0.0/8, fd00::/8]', 'cidrMatch(?source.ip, "10.0.0.0/8", "fd00::/8")'],
  ['a regular expression', "process.name|re: '^w.*c$'", '?process.name regex "w([^\\n]){0,}c"'],
  ['a path', "process.executable|endswith: '\\wmic.exe'", '?process.executable : "*\\\\wmic.exe"'],
  ['a quote', "process.name: 'a\"b'", '?process.name : "a\\"b"'],
  ['a line feed', 'process.name: "a\\nb"', '?process.name : "a\\nb"'],
  ['what turns the direction of writing', 'process.name: "a\\u202eb"', '?process.name : "a\\u{202e}b"'],
  ['a wildcard as itself', "process.name: 'a\\*b'", '?process.name regex "[aA]\\\\*[bB]"'],
  ['the same, case counting', "process.name|cased: 'a\\*b'", '?process.name == "a*b"'],
  ['a wildcard as itself beside one', "process.name|cased: 'a\\?b*'", '?process.name regex "a\\\\?b.*"'],
  ['the character that EQL escapes with', 'process.name: "a\\u0001*"', '?process.name regex "[aA]\\\\\\u{01}.*"'],
  ['a field with a dash', 'x.a-b: 1', '?x.`a-b` == 1'],
  ['a field that is a keyword of EQL', 'x.by: 1', '?x.`by` == 1'],
])('EQL: %s', (_, search, expected) => {
  expect(eql(search)).toBe(expected);
});

test('EQL: below a not, a missing field is a plain false', () => {
  expect(eql('process.name: x', 'not a')).toBe('not (?process.name != null and ?process.name : "x")');
  const silent = eqlMatcher('process where not ?process.name : "x"');
  const told = eqlMatcher('process where not (?process.name != null and ?process.name : "x")');
  const event = { 'event.category': 'process' };
  expect([silent(event, 'null'), told(event, 'null')]).toEqual([false, true]);
});

test('EQL: an exception is one more condition, on a line of its own', () => {
  const { condition } = ruleOf('a:\n  process.name: DismHost.exe\ncondition: a');
  const exception = { id: 'x', enabled: true, comment: '', author: '', expires: null, condition };
  expect(toEql(ruleOf('a:\n  process.pid: 3\ncondition: a'), [exception])).toMatchInlineSnapshot(`
   "process where event.type == "start" and
     not (?host.os.type != null and ?host.os.type in ("linux", "macos")) and
     ?process.pid == 3 and
     not (?process.name != null and ?process.name : "DismHost.exe")"
  `);
});

test('EQL: many values are one list, or a tree that is not deep', () => {
  const names = Array.from({ length: 400 }, (_, index) => `n${index}`);
  expect(eql(`process.name: [${names.join()}]`)).not.toContain(' or ');
  const searches = names.map((name, index) => `  - x.f${index}: ${name}`).join('\n');
  const query = toEql(ruleOf(`a:\n${searches}\ncondition: a`));
  const met = eqlMatcher(query);
  const event = { 'event.category': 'process', 'event.type': 'start' };
  expect(met({ ...event, 'x.f399': 'N399' }, 'null')).toBe(true);
  expect(met({ ...event, 'x.f399': 'N398' }, 'null')).toBe(false);
  expect(query.split(') or (')).toHaveLength(4);
});

test('EQL: a condition that EQL cannot express exactly is refused with its field', () => {
  const long = 'x'.repeat(260);
  expect(eql(`process.name|cased: '${long}\\*'`)).toHaveLength('?process.name == "*"'.length + 260);
  expect(() => eql(`process.name: '${long}\\*'`)).toThrowErrorMatchingInlineSnapshot(`
   "EQL cannot compare process.name with a value as long as this that holds * or ? as itself
     Look for several shorter pieces under |contains|all, or run the rule on another scheduler."
  `);
});
