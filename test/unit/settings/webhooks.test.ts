import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { redact } from '../../../src/errors';
import { readSettings, type Webhook } from '../../../src/settings';
import { settingsFolder } from '../../support/temporary-folders';

const { path, written, refused } = settingsFolder();

function webhooks(text: string, environment: Record<string, string> = {}, flags = {}): readonly Webhook[] {
  return readSettings({ config: written(text), ...flags }, environment, { notify: true }).notify;
}

test('settings of webhooks: a URL is enough', () => {
  expect(webhooks('notify: {soc: {url: "https://hooks.example.test/x"}}')).toEqual([
    expect.objectContaining({
      name: 'soc',
      url: 'https://hooks.example.test/x',
      headers: {},
      form: 'json',
      minSeverity: 'low',
      rules: undefined,
      maxPerRule: 10,
    }),
  ]);
});

test('settings of webhooks: the URL and headers come from the environment or a file, and are then kept secret', () => {
  writeFileSync(join(path(), 'token'), 'Bearer from-the-file-7f3a\n');
  const [soc] = webhooks(
    'notify:\n  soc:\n    url: ${HOOK}\n    headers: {Authorization: "file:token", X-Team: "${TEAM}"}\n',
    { HOOK: 'https://hooks.example.test/services/T0/B0/abcdefghijklmnop', TEAM: 'blue-team-key' },
  );
  expect(soc).toMatchObject({
    url: 'https://hooks.example.test/services/T0/B0/abcdefghijklmnop',
    headers: { Authorization: 'Bearer from-the-file-7f3a', 'X-Team': 'blue-team-key' },
  });
  expect(redact('abcdefghijklmnop, /services/T0/B0/abcdefghijklmnop, from-the-file-7f3a, blue-team-key')).toBe(
    '***, ***, ***, ***',
  );
});

test('settings of webhooks: a template may name variables, which are kept secret, and no file', () => {
  const [pager] = webhooks(
    'notify: {pager: {url: "https://e.example.test/v2", template: {routing_key: "${KEY}", url: "file:none"}}}',
    { KEY: 'R0UT1NGKEY' },
  );
  expect(pager).toMatchObject({ form: 'template', template: { routing_key: 'R0UT1NGKEY', url: 'file:none' } });
  expect(redact('invalid key R0UT1NGKEY')).toBe('invalid key ***');
});

test('settings of webhooks: those of a profile replace those of the file', () => {
  const text =
    'notify: {soc: {url: "https://a.example.test/"}}\nprofiles: {lab: {notify: {lab: {url: "https://b.example.test/"}}}}\n';
  expect(webhooks(text).map(({ name }) => name)).toEqual(['soc']);
  expect(webhooks(text, {}, { profile: 'lab' }).map(({ name }) => name)).toEqual(['lab']);
});

test('settings of webhooks: a command that sends nothing does not need their secrets', () => {
  const config = written('notify: {soc: {url: "${HOOK}"}}\nprofiles: {lab: {notify: {lab: {url: "${HOOK}"}}}}\n');
  expect(readSettings({ config }, {}).notify).toEqual([]);
  expect(refused(() => readSettings({ config }, {}, { notify: true }))).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:1:16: notify.soc.url: the environment variable HOOK is not set
     Set it; where the text itself is meant, write $\${…}."
  `);
});

test('settings of webhooks: every problem is reported at its place, and no value is shown', () => {
  const text = `notify:
  soc team:
    url: https://user:hidden-password@hooks.example.test/
    headers: {"Bad Name": x, Host: other.example.test, X-Line: "two\\nlines"}
    form: slack
    min_severity: hgih
    max_per_rule: 0
    rule: [a]
  pager:
    form: teams
    template: {summary: "on {{host}}", severity: "{{severty}}", list: ["{{process.pid}}", "{{nothing}}"]}
    url: https://e.example.test/
    ca: /nowhere/ca.pem
`;
  expect(refused(() => webhooks(text))).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:6:5: notify.soc team.min_severity: must be one of low, medium, high, critical
   ~/wmi-detections.yml:7:5: notify.soc team.max_per_rule: must be at least 1
   ~/wmi-detections.yml:8:5: unknown setting \`notify.soc team.rule\`
     Did you mean \`rules\`?"
  `);
  const valid = text.replace('hgih', 'high').replace('max_per_rule: 0', 'max_per_rule: 1').replace('rule: [a]', '');
  expect(refused(() => webhooks(valid))).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:2:3: notify.soc team: the name of a webhook must be 1 to 64 letters, digits, dots, _ and -, and begin with a letter or digit
   ~/wmi-detections.yml:3:5: notify.soc team.url: the URL must not hold a user name or a password
     Put them into headers.Authorization.
   ~/wmi-detections.yml:4:15: notify.soc team.headers.Bad Name: is not the name of an HTTP header
   ~/wmi-detections.yml:4:30: notify.soc team.headers.Host: this header cannot be set
   ~/wmi-detections.yml:4:56: notify.soc team.headers.X-Line: must be one line of Latin-1 characters, without blanks around it
   ~/wmi-detections.yml:10:5: notify.pager.form: form and template exclude each other
     Remove one of the two.
   ~/wmi-detections.yml:11:16: notify.pager.template.summary: a placeholder must be the whole value
     Write "{{title}}" alone; {{text}} is the whole message.
   ~/wmi-detections.yml:11:40: notify.pager.template.severity: unknown placeholder {{severty}}
     Did you mean {{severity}}? Known: text, title, rule, rule_id, severity, risk, technique, technique_url, time, host, user, parent, command_line, count, explain, alert_id, test, and fields of the alert such as {{process.pid}}.
   ~/wmi-detections.yml:11:91: notify.pager.template.list.1: unknown placeholder {{nothing}}
     Known: text, title, rule, rule_id, severity, risk, technique, technique_url, time, host, user, parent, command_line, count, explain, alert_id, test, and fields of the alert such as {{process.pid}}.
   /nowhere/ca.pem: the CA file cannot be read (ENOENT)"
  `);
});

test('settings of webhooks: certificates are verified by the keys of all connections', () => {
  const fingerprint = 'ab'.repeat(32);
  const [soc] = webhooks(
    `notify: {soc: {url: "https://hooks.example.test/", ca_fingerprint: ${fingerprint}, tls: {verify: false}}}`,
    { HTTPS_PROXY: 'http://proxy.example.test:3128' },
  );
  expect(soc).toMatchObject({
    caFingerprint: fingerprint.toUpperCase(),
    verify: false,
    proxies: { https: 'http://proxy.example.test:3128' },
  });
});
