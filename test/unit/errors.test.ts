import { inspect } from 'node:util';
import { ProblemError, redact } from '../../src/errors';

test('errors: an error lists every problem with place, cause and hint', () => {
  const error = new ProblemError('CONTENT_INVALID', [
    { where: { file: 'rules/x.yml', line: 12, column: 3 }, message: 'risk must be 0 to 100 (was 173)' },
    { where: { url: 'http://h:9200/_bulk', method: 'POST', status: 503 }, message: 'busy', hint: 'Run it again.' },
  ]);
  expect(error.message).toMatchInlineSnapshot(`
    "rules/x.yml:12:3: risk must be 0 to 100 (was 173)
    POST http://h:9200/_bulk (503): busy
      Run it again."
  `);
});

test.each([
  ['CONTENT_INVALID', 1],
  ['RULE_INVALID', 1],
  ['PARTIAL', 1],
  ['USAGE', 2],
  ['UNREACHABLE', 2],
  ['INTERRUPTED', 130],
] as const)('errors: %s ends with exit status %d', (code, status) => {
  expect(new ProblemError(code, [{ message: 'x' }]).exitStatus).toBe(status);
});

test.each([
  'https://elastic:hunter2secret@host:9200',
  'Authorization: ApiKey aHVudGVyMnNlY3JldA==',
  'Basic aHVudGVyMnNlY3JldA==',
  'Bearer hunter2secret.x.y',
])('errors: no form of an error shows the secret in %s', (text) => {
  const error = new ProblemError('UNREACHABLE', [{ where: { url: text }, message: text, hint: text }], {
    cause: new Error(text),
  });
  const shown = [error.message, JSON.stringify(error), inspect(error, { depth: 9 }), error.stack ?? ''].join('\n');
  expect(shown).not.toMatch(/hunter2secret|aHVudGVyMnNlY3JldA/);
});

test('errors: text that is not a secret stays readable', () => {
  expect(redact('http://host:9200/_search?q=Basic+auth')).toBe('http://host:9200/_search?q=Basic+auth');
});
