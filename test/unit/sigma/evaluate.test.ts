import { evaluate } from '../../../src/sigma/compile/evaluate';
import { ruleOf } from '../../support/rule';

/** Each part of the values that met the rule, and what it met; undefined where the rule does not hold. */
function shown(detection: string, event: object): string[] | undefined {
  return evaluate(ruleOf(detection).condition, event)?.map(
    ({ field, test, value, offset, length }) => `${field} ${test}: ${offset} “${value.slice(offset, offset + length)}”`,
  );
}

const CALL = `a:
  process.name: wmic.exe
b:
  process.command_line|contains|all: [' process ', ' call ']
condition: a and b`;

describe('the matching parts of an event', () => {
  test('the part of each value, where it stands', () => {
    const event = { process: { name: 'WMIC.exe', command_line: 'wmic  process CALL create "x"' } };
    expect(shown(CALL, event)).toEqual(
      ['process.name is "wmic.exe": 0 “WMIC.exe”', 'process.command_line contains " process ": 5 “ process ”'].concat([
        'process.command_line contains " call ": 13 “ CALL ”',
      ]),
    );
  });

  test('an event without one of them does not match the rule', () => {
    expect(shown(CALL, { process: { name: 'wmic.exe', command_line: 'wmic process call' } })).toBeUndefined();
    expect(shown(CALL, { process: { command_line: 'x process call y' } })).toBeUndefined();
  });

  test.each([
    ['process.name: w?ic*', 'xWMIC.exe', undefined],
    ['process.name: w?ic*', 'WMIC.exe', '0 “WMIC”'],
    ['process.name|endswith: .exe', 'a.exe.EXE', '5 “.EXE”'],
    ['process.name|contains: a*c', 'xxa1abczc', '4 “abc”'],
    ['process.name|contains|cased: ab', 'ABab', '2 “ab”'],
    ["process.name: '*'", 'any', '0 “any”'],
    ["process.name: ''", '', '0 “”'],
    ['process.name|contains: é', '😀É', undefined],
    ['process.name|contains: b', '😀b', '2 “b”'],
    ['process.name|re: (a|b)+c', 'xababc', '4 “bc”'],
    ['process.name|re: ^a.c$', 'a\nc', undefined],
    ['process.name|re: ^a[^x]c$', 'a\nc', '0 “a\nc”'],
    ['process.name|re: a{2,3}', 'a aaa', '2 “aa”'],
  ])('%s on %j: %s', (line, name, part) => {
    const found = shown(`a:\n  ${line}\ncondition: a`, { process: { name } });
    expect(found?.map((text) => text.replace(/^.*?: (?=\d+ “)/, '')).join()).toBe(part);
  });

  test('of several values those that meet it; of several alternatives as well', () => {
    const event = { 'process.name': ['b', 'A'], 'process.pid': 7, 'source.ip': '10.1.2.3' };
    const any =
      'a:\n  process.name: [a, c]\nb:\n  process.pid: 7\nc:\n  source.ip|cidr: 10.0.0.0/8\ncondition: a or b or c';
    expect(shown(any, event)).toEqual([
      'process.name is "a": 0 “A”',
      'process.pid is 7: 0 “7”',
      'source.ip is in 10.0.0.0/8: 0 “10.1.2.3”',
    ]);
  });

  test('a condition that holds because a value is missing shows nothing', () => {
    const not = 'a:\n  process.name: a\nb:\n  process.pid|exists: true\ncondition: a and not b';
    expect(shown(not, { process: { name: 'a' } })).toEqual(['process.name is "a": 0 “a”']);
    expect(shown(not, { process: { name: 'a', pid: 1 } })).toBeUndefined();
  });

  test('no expression takes long on a text that is made for it', () => {
    const text = `${'a'.repeat(30_000)}!`;
    expect(shown('a:\n  process.name|re: (a|a+)+$\ncondition: a', { process: { name: text } })).toBeUndefined();
    expect(shown("a:\n  process.name: '*a*a*a*a*b'\ncondition: a", { process: { name: text } })).toBeUndefined();
  });
});
