import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readRules } from '../../src/detections/read-rules';
import { evaluate } from '../../src/sigma/compile/evaluate';
import { at, testServer, type Source, type TestServer } from '../support/test-server';

/* Inputs that failed once, and one event in each shape that shippers and tools write; they lie beside the checkout. */
const CASES = join(__dirname, '../../../shared/cases');
const present = existsSync(CASES);
const ONLY_WITH_CASES = present ? '' : ' (skipped: ../shared/cases is not there)';

interface Expected {
  readonly r1?: boolean;
  readonly r2?: boolean;
  readonly event_kind?: string;
  readonly timestamp?: string;
  readonly process_start?: string;
  readonly host_name?: string;
  readonly user_name?: string;
  readonly absent?: readonly string[];
}

interface Case {
  readonly id: string;
  readonly stream: keyof typeof SOURCES;
  readonly kind_of_fault: string;
  readonly expect: Expected;
  /** The document as it is written: a number keeps its form. */
  readonly text: string;
}

const SOURCES = { sysmon: 'sysmon', windows_security: 'security', crowdstrike: 'crowdstrike' } as const;

/** It belongs to the rules: they have to ask for Windows. */
const ELSEWHERE = new Set(['twin-mac']);

function cases(): Case[] {
  if (!present) return [];
  const lines = readFileSync(join(CASES, 'pipeline-cases.ndjson'), 'utf8').trim().split('\n');
  return lines
    .map((line) => ({ ...(JSON.parse(line) as Case), text: inputOf(line) }))
    .filter(({ id }) => !ELSEWHERE.has(id));
}

/** The text of the member `input`, as it is written. */
function inputOf(line: string): string {
  const from = line.indexOf('"input": ') + '"input": '.length;
  return line.slice(from, line.lastIndexOf(', "expect": '));
}

interface Shape {
  readonly name: string;
  readonly source: Source;
  readonly text: string;
}

const KINDS: Readonly<Record<string, Source>> = { s: 'sysmon', q: 'security', f: 'crowdstrike' };

function shapes(): Shape[] {
  if (!present) return [];
  return readdirSync(join(CASES, 'shapes'))
    .sort()
    .map((file) => {
      const name = basename(file, extname(file));
      const text = readFileSync(join(CASES, 'shapes', file), 'utf8').trimEnd();
      const source = KINDS[name.slice(-1)];
      if (source === undefined) throw new Error(`${file} names no source`);
      return { name, source, text: file.endsWith('.log') ? JSON.stringify({ message: text }) : text };
    });
}

/** By the names of upstream: the rule of the command line, and that of the parent. */
const RULES = Object.fromEntries(
  readRules('rules').map((rule) => [rule.name.includes('Call Create') ? 'r1' : 'r2', rule]),
);

function fires(rule: 'r1' | 'r2', document: unknown): boolean {
  const condition = RULES[rule]?.condition;
  return condition !== undefined && evaluate(condition, document) !== undefined;
}

/** What of the document the case speaks of. */
function seen(document: unknown, expected: Expected): Expected {
  const time = (path: string) => new Date(String(at(document, path))).toISOString();
  const parts: Record<keyof Expected, () => unknown> = {
    r1: () => fires('r1', document),
    r2: () => fires('r2', document),
    event_kind: () => at(document, 'event.kind'),
    timestamp: () => time('@timestamp'),
    process_start: () => time('process.start'),
    host_name: () => at(document, 'host.name'),
    user_name: () => at(document, 'user.name'),
    absent: () => (expected.absent ?? []).filter((path) => at(document, path) === undefined),
  };
  const asked = Object.keys(expected) as (keyof Expected)[];
  return Object.fromEntries(asked.map((name) => [name, parts[name]()]));
}

let node: TestServer;

beforeAll(async () => {
  node = await testServer();
});

test(`pipelines on what failed once: there are both rules${ONLY_WITH_CASES}`, () => {
  expect(Object.keys(RULES).sort()).toEqual(['r1', 'r2']);
});

(present ? describe : describe.skip)(`pipelines on what failed once${ONLY_WITH_CASES}`, () => {
  test.each(cases().map((one) => [one.id, one.kind_of_fault, one] as const))('%s: %s', async (_id, _fault, one) => {
    const document = await node.index(SOURCES[one.stream], one.text);
    expect(seen(document, one.expect)).toEqual(one.expect);
  });

  test.each(shapes().map((shape) => [shape.name, shape] as const))(
    '%s alerts with its host and user',
    async (_name, shape) => {
      const document = await node.index(shape.source, shape.text);
      expect({ r1: fires('r1', document), r2: fires('r2', document) }).toEqual({ r1: true, r2: true });
      expect(at(document, 'host.name') ?? at(document, 'host.id')).toEqual(expect.any(String));
      expect(at(document, 'user.name') ?? at(document, 'user.id')).toEqual(expect.any(String));
      expect(at(document, 'process.pid')).toEqual(expect.any(Number));
      expect(at(document, '@timestamp')).toMatch(/^2026-11-29T10:11:1[234]/);
    },
  );
});
