import { toQueryDsl } from '../../../src/sigma/compile/query-dsl';
import { ruleOf } from '../../support/rule';

/** The clause of one search, without those of the log source, as one line. */
function clause(yaml: string): string {
  const { bool } = toQueryDsl(ruleOf(`a:\n  ${yaml}\ncondition: a`)) as { bool: { filter: unknown[] } };
  return bool.filter
    .slice(3)
    .map((part) => JSON.stringify(part))
    .join(' and ');
}

test('Query DSL: a text is a term, without case; one without letters needs no such word', () => {
  expect(clause('process.name: WMIC.exe')).toMatchInlineSnapshot(
    `"{"term":{"process.name":{"value":"WMIC.exe","case_insensitive":true}}}"`,
  );
  expect(clause("process.pid: '4'")).toMatchInlineSnapshot(`"{"term":{"process.pid":{"value":"4"}}}"`);
  expect(clause('process.name|cased: WMIC.exe')).toMatchInlineSnapshot(
    `"{"term":{"process.name":{"value":"WMIC.exe"}}}"`,
  );
});

test('Query DSL: only *, ? and the backslash are escaped, and only in wildcard queries', () => {
  expect(clause('process.name|contains: \'a\\*b?c\\\\d (e) "f"\'')).toMatchInlineSnapshot(
    `"{"wildcard":{"process.name":{"value":"*a\\\\*b?c\\\\\\\\d (e) \\"f\\"*","case_insensitive":true}}}"`,
  );
  expect(clause("process.name: 'a\\*b'")).toMatchInlineSnapshot(
    `"{"term":{"process.name":{"value":"a*b","case_insensitive":true}}}"`,
  );
});

test('Query DSL: where OpenSearch folds more than ASCII, the exact check is added to what it finds fast', () => {
  expect(clause("process.command_line|contains: ' call '")).toMatchInlineSnapshot(
    `"{"wildcard":{"process.command_line":{"value":"* call *","case_insensitive":true}}}"`,
  );
  expect(clause('process.command_line|contains: kill')).toMatchInlineSnapshot(
    `"{"bool":{"filter":[{"wildcard":{"process.command_line":{"value":"*kill*","case_insensitive":true}}},{"regexp":{"process.command_line":{"value":".*[kK][iI][lL][lL].*","flags":"NONE"}}}]}}"`,
  );
  expect(clause('process.command_line|contains: né?e')).toMatchInlineSnapshot(
    `"{"bool":{"filter":[{"wildcard":{"process.command_line":{"value":"*n*e*","case_insensitive":true}}},{"regexp":{"process.command_line":{"value":".*[nN]é.[eE].*","flags":"NONE"}}}]}}"`,
  );
});

test('Query DSL: a list is any of its values, or all of them', () => {
  expect(clause('process.name: [a, b]')).toMatchInlineSnapshot(
    `"{"bool":{"should":[{"term":{"process.name":{"value":"a","case_insensitive":true}}},{"term":{"process.name":{"value":"b","case_insensitive":true}}}],"minimum_should_match":1}}"`,
  );
  expect(clause('process.command_line|contains|all: [x, y]')).toMatchInlineSnapshot(
    `"{"wildcard":{"process.command_line":{"value":"*x*","case_insensitive":true}}} and {"wildcard":{"process.command_line":{"value":"*y*","case_insensitive":true}}}"`,
  );
});

test('Query DSL: null is a missing value, * any value, and the empty text is itself', () => {
  expect(clause('process.name: null')).toMatchInlineSnapshot(
    `"{"bool":{"must_not":[{"exists":{"field":"process.name"}}]}}"`,
  );
  expect(clause("process.name: '*'")).toMatchInlineSnapshot(`"{"exists":{"field":"process.name"}}"`);
  expect(clause("process.name: ''")).toMatchInlineSnapshot(
    `"{"bool":{"should":[{"term":{"process.name":{"value":""}}},{"regexp":{"process.name":{"value":"","flags":"NONE"}}}],"minimum_should_match":1}}"`,
  );
  expect(clause('process.name|exists: false')).toMatchInlineSnapshot(
    `"{"bool":{"must_not":[{"exists":{"field":"process.name"}}]}}"`,
  );
});

test('Query DSL: a regular expression becomes one for the whole value, and a plain text where it is one', () => {
  expect(clause("process.command_line|re: '^a.c\\.[x-z]+$|\\d{2,}'")).toMatchInlineSnapshot(
    `"{"regexp":{"process.command_line":{"value":"a[^\\n]c\\\\.([x-z]){1,}|.*([0-9]){2,}.*","flags":"NONE"}}}"`,
  );
  expect(clause("process.command_line|re: '^wmic\\.exe'")).toMatchInlineSnapshot(
    `"{"wildcard":{"process.command_line":{"value":"wmic.exe*"}}}"`,
  );
});

test('Query DSL: a network is a term of an address', () => {
  expect(clause("host.ip|cidr: ['10.0.0.0/8', 'fd00::/8']")).toMatchInlineSnapshot(
    `"{"bool":{"should":[{"term":{"host.ip":{"value":"10.0.0.0/8"}}},{"term":{"host.ip":{"value":"fd00::/8"}}}],"minimum_should_match":1}}"`,
  );
  expect(clause("host.ip: 'fd00::AB'")).toMatchInlineSnapshot(`"{"term":{"host.ip":{"value":"fd00::AB"}}}"`);
});

test('Query DSL: not turns a condition round, missing fields included, and twice is nothing', () => {
  const query = (condition: string): string =>
    JSON.stringify(toQueryDsl(ruleOf(`a: {process.name: x}\nb: {process.name: y}\ncondition: ${condition}`)));
  expect(query('a and not b')).toMatchInlineSnapshot(
    `"{"bool":{"filter":[{"term":{"event.category":{"value":"process"}}},{"term":{"event.type":{"value":"start"}}},{"bool":{"must_not":[{"term":{"host.os.type":{"value":"linux"}}},{"term":{"host.os.type":{"value":"macos"}}}]}},{"term":{"process.name":{"value":"x","case_insensitive":true}}},{"bool":{"must_not":[{"term":{"process.name":{"value":"y","case_insensitive":true}}}]}}]}}"`,
  );
  expect(query('not not a and not not b')).toBe(query('a and b'));
});

test('Query DSL: where a field has a sub-field that holds it whole, that decides in the documents that have it', () => {
  const rule = ruleOf(`a: {process.name: x, process.pid: 4}\ncondition: a`);
  const subFields = new Map([['process.name', ['process.name.keyword']]]);
  const both = JSON.stringify({
    bool: {
      should: [
        {
          bool: {
            filter: [{ term: { 'process.name': { value: 'x', case_insensitive: true } } }],
            must_not: [{ exists: { field: 'process.name.keyword' } }],
          },
        },
        { term: { 'process.name.keyword': { value: 'x', case_insensitive: true } } },
      ],
      minimum_should_match: 1,
    },
  });
  expect(JSON.stringify(toQueryDsl(rule, [], subFields))).toContain(both);
  expect(JSON.stringify(toQueryDsl(rule, [], subFields))).not.toContain('process.pid.');
  expect(JSON.stringify(toQueryDsl(rule))).not.toContain('.keyword');
});
