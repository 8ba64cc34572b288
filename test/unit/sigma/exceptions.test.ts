import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseYaml } from '../../../src/content/yaml-file';
import { ProblemError } from '../../../src/errors';
import { toExceptionEntries } from '../../../src/sigma/compile/exception-entries';
import {
  activeExceptions,
  expiredExceptions,
  parseExceptions,
  readExceptions,
  type Exception,
} from '../../../src/sigma/exceptions';
import { readFieldTypes } from '../../../src/sigma/field-types';
import { toQueryDsl } from '../../../src/sigma/compile/query-dsl';
import { listRuleFolder } from '../../../src/content/rule-folder';
import { readRules } from '../../../src/detections/read-rules';
import { ruleOf } from '../../support/rule';

const types = readFieldTypes('.');
const slugs = readRules('rules').map(({ slug }) => slug);

/** One exception, from the YAML of its detection in one line. */
function exception(detection: string, more = 'enabled: true'): Exception {
  const text = `- {id: one, comment: why, author: me, ${more}, detection: ${detection}}`;
  const [entry] = parseExceptions(parseYaml(text, 'x.yml'), types);
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

function refusal(text: string): string {
  try {
    parseExceptions(parseYaml(text, 'rules/exceptions/x.yml'), types);
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('exceptions: a file of exceptions', () => {
  const good = '- {id: a, enabled: true, comment: c, author: b, detection: {s: {process.name: x}, condition: s}}';

  test('is refused with the place of everything that is wrong', () => {
    expect(refusal(good)).toBe('accepted');
    expect(
      refusal(`- id: Not An Id
  enable: true
  comment: ''
  author: me
  expires: tomorrow
  detection:
    s:
      process.nam: x
      process.pid|contain: 3
    condition: s or t
- just a text
${good}
${good}
`),
    ).toMatchInlineSnapshot(`
     "rules/exceptions/x.yml:1:3: id must be small letters, digits, _ and -, such as dism-host (it is "Not An Id")
     rules/exceptions/x.yml:1:3: enabled is missing
     rules/exceptions/x.yml:2:3: there is no "enable" in an exception
       Did you mean "enabled"?
     rules/exceptions/x.yml:3:3: comment must not be empty (it is "")
     rules/exceptions/x.yml:5:3: expires must be a day, YYYY-MM-DD (it is "tomorrow")
     rules/exceptions/x.yml:8:7: field "process.nam" is not mapped: a search on it would never find anything
       Did you mean "process.name"?
     rules/exceptions/x.yml:9:7: there is no modifier "contain"
       Did you mean "contains"?
     rules/exceptions/x.yml:10:5: condition: there is no search identifier "t" (character 6)
       Known: s.
     rules/exceptions/x.yml:11:3: an exception must be a map (it is "just a text")
     rules/exceptions/x.yml:13:4: id "a" is already that of entry 3"
    `);
  });

  test('is a list, or empty', () => {
    expect(refusal('')).toBe('accepted');
    expect(refusal('[]')).toBe('accepted');
    expect(refusal('id: a')).toMatchInlineSnapshot(`
     "rules/exceptions/x.yml:1:1: exceptions must be a list
       Write [] where there are none."
    `);
  });
});

describe('exceptions: readExceptions', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exceptions-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const read = (): unknown[] => readExceptions(listRuleFolder(folder).exceptions, types, slugs);

  test('has none where there is no folder', () => {
    expect(read()).toEqual([]);
  });

  test('refuses a file of no rule, with the one that was probably meant', () => {
    mkdirSync(join(folder, 'exceptions'));
    writeFileSync(join(folder, 'exceptions', 'process_execution_via_wmi.yml'), '[]');
    expect(read()).toHaveLength(1);
    writeFileSync(join(folder, 'exceptions', 'process_executon_via_wmi.yml'), '[]');
    let message = '';
    try {
      read();
    } catch (error) {
      message = (error as Error).message.replace(folder, '<folder>');
    }
    expect(message).toMatchInlineSnapshot(`
     "<folder>/exceptions/process_executon_via_wmi.yml: there is no rule "process_executon_via_wmi" that these could be exceptions of
       Did you mean "process_execution_via_wmi"?"
    `);
  });
});

test('exceptions: the shipped exceptions: DismHost.exe, switched off, and nothing else', () => {
  const shipped = readExceptions(listRuleFolder('rules').exceptions, types, slugs);
  expect(shipped.map(({ slug, entries }) => [slug, entries.map(({ id, enabled }) => ({ id, enabled }))])).toEqual([
    ['process_execution_via_wmi', [{ id: 'dism-host', enabled: false }]],
    ['windows_wmi_process_call_create', []],
  ]);
});

test('exceptions: an entry silences while it is switched on and before the day that it expires', () => {
  const detection = '{s: {process.name: x}, condition: s}';
  const entries = [
    exception(detection, 'enabled: true'),
    { ...exception(detection, 'enabled: true, expires: 2026-03-02'), id: 'expires' },
    { ...exception(detection, 'enabled: false, expires: 2026-03-02'), id: 'off' },
  ];
  const all = [{ slug: 'a', file: 'a.yml', entries }];
  const at = (time: string): object => ({
    active: activeExceptions(all, 'a', Date.parse(time)).map(({ id }) => id),
    expired: expiredExceptions(all, Date.parse(time)).map(({ entry }) => entry.id),
  });
  expect(at('2026-03-01T23:59:59.999Z')).toEqual({ active: ['one', 'expires'], expired: [] });
  expect(at('2026-03-02T00:00:00.000Z')).toEqual({ active: ['one'], expired: ['expires'] });
  expect(activeExceptions(all, 'another', 0)).toEqual([]);
});

test('exceptions: the query of a rule leaves out what any exception is met by', () => {
  const rule = ruleOf('a:\n  process.pid: 3\ncondition: a');
  const entries = [
    exception('{s: {process.name: x}, condition: s}'),
    exception('{s: {process.command_line: null}, condition: s}'),
  ];
  expect(toQueryDsl(rule, [])).toEqual(toQueryDsl(rule));
  expect(toQueryDsl(rule, entries)).toEqual({
    bool: {
      filter: [toQueryDsl(rule)],
      must_not: [
        { term: { 'process.name': { value: 'x', case_insensitive: true } } },
        { bool: { must_not: [{ exists: { field: 'process.command_line' } }] } },
      ],
    },
  });
});

describe('exceptions: as items of a Kibana exception list', () => {
  const items = (detection: string): string => {
    const entries = toExceptionEntries(exception(detection));
    return entries === undefined
      ? 'into the query'
      : entries
          .map((item) =>
            item
              .map((one) => [one.field, one.type, ...('value' in one ? [one.value] : [])].flat().join(' '))
              .join(' & '),
          )
          .join(' | ');
  };

  test.each([
    ['a text whose case counts', '{s: {process.name|cased: Abc}, condition: s}', 'process.name match Abc'],
    ['a text without letters', "{s: {process.name: '12'}, condition: s}", 'process.name match 12'],
    ['a number', '{s: {process.pid: 4}, condition: s}', 'process.pid match 4'],
    ['any value', '{s: {process.pid|exists: true}, condition: s}', 'process.pid exists'],
    ['several values', '{s: {process.name|cased: [A, B]}, condition: s}', 'process.name match_any A B'],
    ['a wildcard', "{s: {process.name|cased: 'A\\*b*'}, condition: s}", 'process.name wildcard A\\*b*'],
    [
      'all of several',
      '{s: {process.name|cased: [A, B], process.pid: 4}, condition: s}',
      'process.name match_any A B & process.pid match 4',
    ],
    [
      'either of several',
      '{s: {process.name|cased: A, process.pid: 4}, t: {process.pid: 5}, condition: s or t}',
      'process.pid match 5 | process.name match A & process.pid match 4',
    ],
  ])('%s becomes an item', (_, detection, expected) => {
    expect(items(detection)).toBe(expected);
  });

  test.each([
    ['a text in any case', '{s: {process.name: abc}, condition: s}'],
    ['a wildcard in any case', '{s: {process.name|contains: abc}, condition: s}'],
    ['no value', '{s: {process.name: null}, condition: s}'],
    ['an empty text', "{s: {process.name: ''}, condition: s}"],
    ['a network', '{s: {host.ip|cidr: 10.0.0.0/8}, condition: s}'],
    ['a regular expression', "{s: {process.name|re: 'a+'}, condition: s}"],
    ['a not', '{s: {process.pid: 4}, t: {process.pid: 5}, condition: s and not t}'],
    [
      'too many alternatives',
      `{s: {process.pid: 1}, ${['a', 'b', 'c', 'd', 'e'].map((n) => `${n}: [{process.pid: 1, process.name|cased: A}, {process.pid: 2, process.name|cased: B}]`).join(', ')}, condition: all of them}`,
    ],
  ])('%s goes into the query', (_, detection) => {
    expect(items(detection)).toBe('into the query');
  });
});
