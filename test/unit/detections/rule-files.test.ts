import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parseYaml } from '../../../src/content/yaml-file';
import { ProblemError } from '../../../src/errors';
import { readFieldTypes } from '../../../src/sigma/field-types';
import { parseRule } from '../../../src/detections/parse-rule';
import { readRules } from '../../../src/detections/read-rules';
import { SPLUNK_FIELDS } from '../../../src/detections/message';
import { ruleWith } from '../../support/rule';

const rules = readRules('rules', readFieldTypes('.'));

test('rule files: both detections are there, and every field that they compare is mapped', () => {
  expect(
    rules.map(({ slug, uuid, name, version, type, risk }) => [slug, uuid, name, version, type, risk.score]),
  ).toEqual([
    ['process_execution_via_wmi', '24869767-8579-485d-9a4f-d9ddfd8f0cac', 'Process Execution via WMI', 4, 'TTP', 49],
    [
      'windows_wmi_process_call_create',
      '0661c2de-93de-11ec-9833-acde48001122',
      'Windows WMI Process Call Create',
      3,
      'Hunting',
      25,
    ],
  ]);
});

test.each(rules.map((rule) => [rule.name, rule] as const))(
  'rule files: %s groups as its Splunk search does',
  (_, rule) => {
    const by = /\sby ([^|]*)/.exec(rule.upstream.search)?.[1]?.trim().split(/\s+/);
    expect(by).toEqual(rule.upstream.groupBy.map((field) => `Processes.${field}`));
    expect(rule.groupBy).toEqual(rule.upstream.groupBy.map((field) => SPLUNK_FIELDS[field]));
  },
);

test.each(rules.map((rule) => [rule.name, rule] as const))(
  'rule files: %s needs the fields that the original needs',
  (_, rule) => {
    const ecs = (field: string): string | undefined =>
      field === '_time' ? '@timestamp' : SPLUNK_FIELDS[field.replace('Processes.', '')];
    expect(rule.fields).toEqual(rule.upstream.requiredFields.map(ecs));
  },
);

test('rule files: a field that the original leaves empty stays empty', () => {
  const [viaWmi, callCreate] = rules;
  expect(viaWmi).toMatchObject({
    status: null,
    date: null,
    references: [],
    analyticStories: [],
    assetType: null,
    securityDomain: null,
    dataSources: [],
    upstream: { tests: [], drilldownSearches: [], manualTest: null },
  });
  expect(callCreate).toMatchObject({
    modified: null,
    killChainPhases: [],
    triage: null,
    upstream: { datamodel: null, drilldownSearches: [], manualTest: null, testDataset: null },
  });
});

test('rule files: a rule is plain JSON', () => {
  expect(JSON.parse(JSON.stringify(rules))).toEqual(rules);
});

describe('rule files: readRules', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rules-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function problems(): string[] {
    try {
      readRules(folder);
    } catch (error) {
      if (error instanceof ProblemError)
        return error.message.replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER').split('\n');
      throw error;
    }
    return [];
  }
  const rule = (changes: object): string =>
    stringify({ ...ruleWith({ a: { 'process.name': 'x' }, condition: 'a' }), ...changes });

  test('reports the problems of all files at once', () => {
    writeFileSync(join(folder, 'a.yml'), rule({ level: 'high' }));
    writeFileSync(join(folder, 'b.yml'), 'title: [\n');
    writeFileSync(join(folder, 'c.yml'), rule({}));
    writeFileSync(join(folder, 'd.yml'), rule({ detection: {} }));
    expect(problems().filter((line) => !line.startsWith(' '))).toMatchInlineSnapshot(`
     [
       "a.yml:16:1: level high does not agree with a risk score of 25, which is medium",
       "b.yml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
       "d.yml:12:1: condition must be a text",
     ]
    `);
  });

  test('refuses two rules with one id', () => {
    writeFileSync(join(folder, 'a.yml'), rule({}));
    writeFileSync(join(folder, 'b.yml'), rule({}));
    expect(problems()).toMatchInlineSnapshot(`
     [
       "b.yml:2:1: id 6a9c2c6e-6a7b-4c67-9d0f-5a1f4f3f8d10 is already that of a.yml",
       "  Two rules never share an id: alerts and schedulers know a rule by it. Give one of them a new UUID.",
     ]
    `);
    writeFileSync(join(folder, 'b.yml'), rule({ id: 'a9d62dc2-0d0f-4a43-9a1e-4b41c2f6a1de' }));
    expect(problems()).toEqual([]);
  });

  test('reports a missing rule or folder', () => {
    expect(problems()).toMatchInlineSnapshot(`
     [
       "FOLDER: holds no rule (*.yml)",
     ]
    `);
    expect(() => readRules('/nowhere/rules')).toThrowErrorMatchingInlineSnapshot(`
     "/nowhere/rules: cannot be read (ENOENT)
     Cause: Error: ENOENT: no such file or directory, scandir '/nowhere/rules'"
    `);
  });
});

describe('rule files: a field', () => {
  const types = readFieldTypes('.');
  function refusal(search: Record<string, unknown>): string {
    const text = stringify(ruleWith({ a: search, condition: 'a' }));
    try {
      parseRule(parseYaml(text, 'rules/test.yml'), 'test', types);
    } catch (error) {
      if (error instanceof ProblemError) return error.message;
      throw error;
    }
    return 'accepted';
  }

  test('that is not mapped is refused: it would never match', () => {
    expect(refusal({ 'process.comand_line': 'x' })).toMatchInlineSnapshot(`
     "rules/test.yml:14:5: field "process.comand_line" is not mapped: a search on it would never find anything
       Did you mean "process.command_line"?"
    `);
    expect(refusal({ CommandLine: 'x' })).toMatchInlineSnapshot(`
     "rules/test.yml:14:5: field "CommandLine" is not mapped: a search on it would never find anything
       Mapped fields are those of mappings/component-templates/process_creation@mappings.yml."
    `);
  });

  test('is compared as its type allows', () => {
    expect(refusal({ 'process.pid': 'four' })).toMatchInlineSnapshot(`
     "rules/test.yml:14:5: process.pid: "four" cannot be compared with a field of type long
       Write a whole number."
    `);
    expect(refusal({ 'process.pid|contains': '4' })).toMatchInlineSnapshot(`
     "rules/test.yml:14:5: process.pid|contains: "4" cannot be compared with a field of type long
       Only whole values can be compared there."
    `);
    expect(refusal({ 'process.name|cidr': '10.0.0.0/8' })).toMatchInlineSnapshot(`
     "rules/test.yml:14:5: process.name|cidr: "10.0.0.0/8" cannot be compared with a field of type keyword
       cidr needs a field of type ip, such as host.ip."
    `);
    expect(refusal({ 'host.ip': ['10.0.0.1', '10.0.0.*'] })).toMatchInlineSnapshot(`
     "rules/test.yml:16:9: host.ip: "10.0.0.*" cannot be compared with a field of type ip
       Write an address, or a network with the modifier cidr."
    `);
    expect(refusal({ '@timestamp': '2026-01-01' })).toMatchInlineSnapshot(`
     "rules/test.yml:14:5: @timestamp: "2026-01-01" cannot be compared with a field of type date
       Rules compare fields of type keyword, wildcard, ip, boolean and whole numbers."
    `);
    expect(refusal({ 'process.pid': [4, '4', '*', null], 'host.ip|cidr': '10.0.0.0/8', 'host.ip': '::1' })).toBe(
      'accepted',
    );
  });
});
