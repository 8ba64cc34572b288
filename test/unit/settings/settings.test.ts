import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError } from '../../../src/errors';
import { readSettings } from '../../../src/settings';
import { settingsFolder } from '../../support/temporary-folders';

const { path, written, refused } = settingsFolder();

test('settings: flags win over the environment, which wins over the file', () => {
  const config = written('elasticsearch: {url: "http://file:1", username: f}\nnamespace: file\nscheduler: local\n');
  const environment = { WMI_DETECTIONS_ES_URL: 'http://environment:1', WMI_DETECTIONS_ES_PASSWORD: 'p' };
  expect(readSettings({ config }, { WMI_DETECTIONS_ES_PASSWORD: 'p' }).elasticsearch.url).toBe('http://file:1');
  expect(readSettings({ config }, environment).elasticsearch).toMatchObject({
    url: 'http://environment:1',
    username: 'f',
    password: 'p',
  });
  const flags = { config, esUrl: 'http://flag:1', namespace: 'flag' };
  expect(readSettings(flags, environment)).toMatchObject({
    elasticsearch: { url: 'http://flag:1' },
    namespace: 'flag',
  });
});

test('settings: the scheduler is kibana where a Kibana URL is set, else local, and what is written wins', () => {
  expect(readSettings({}, {}).scheduler).toBe('local');
  expect(readSettings({ kibanaUrl: 'http://k:5601' }, {}).scheduler).toBe('kibana');
  expect(readSettings({ kibanaUrl: 'http://k:5601', scheduler: 'local' }, {}).scheduler).toBe('local');
});

test('settings: a notification channel is an id; the flag wins over the file', () => {
  const config = written('channel: soc\n');
  expect(readSettings({ config }, {}).channel).toBe('soc');
  expect(readSettings({ config, channel: 'night_shift' }, {}).channel).toBe('night_shift');
  expect(readSettings({}, {}).channel).toBeUndefined();
  expect(refused(() => readSettings({ channel: 'https://hook.example' }, {}))).toMatchInlineSnapshot(
    `"--channel: channel: must be the id of a notification channel: letters, digits, _ and -"`,
  );
});

test('settings: every problem of file, environment and flags is reported at once', () => {
  const config = written('elasticsearch:\n  ulr: http://x\n  ca: /nowhere/ca.pem\nnamspace: a\n');
  const text = refused(() => readSettings({ config, namespace: 'Prod-1' }, { WMI_DETECTIONS_ES_URL: 'cluster:9200' }));
  expect(text).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:2:3: unknown setting \`elasticsearch.ulr\`
     Did you mean \`url\`?
   ~/wmi-detections.yml:4:1: unknown setting \`namspace\`
     Did you mean \`namespace\`?
   environment variable WMI_DETECTIONS_ES_URL: elasticsearch.url: must be a URL that begins with http:// or https://
   --namespace: namespace: must be at most 100 characters, lower case, without blanks and \\ / * ? " < > | , # : -"
  `);
});

test('settings: a named settings file that is missing is an error', () => {
  expect(refused(() => readSettings({ config: join(path(), 'none.yml') }, {}))).toMatchInlineSnapshot(
    `"~/none.yml: cannot be read (ENOENT)"`,
  );
});

test.each(['default', 'prod_eu', 'a.b', '日本'])('settings: namespace %s is fine', (namespace) => {
  expect(readSettings({ namespace }, {}).namespace).toBe(namespace);
});

test.each(['', 'A', 'a-b', 'a*b', 'a b', 'a'.repeat(101)])('settings: namespace %j is refused', (namespace) => {
  expect(() => readSettings({ namespace }, {})).toThrow(ProblemError);
});

test('settings: a retention is a duration', () => {
  expect(readSettings({ config: written('retention: 90d\n') }, {}).retention).toBe('90d');
  expect(readSettings({}, {}).retention).toBeUndefined();
  expect(refused(() => readSettings({ config: written('retention: 90 days\n') }, {}))).toMatchInlineSnapshot(
    `"~/wmi-detections.yml:1:1: retention: must be a duration of days, hours, minutes or seconds, such as 90d"`,
  );
});

test('settings: a default settings file with another ending is pointed out, unless the right one is there', () => {
  const before = process.cwd();
  process.chdir(path());
  try {
    writeFileSync('wmi-detections.yaml', 'namespace: prod\n');
    expect(refused(() => readSettings({}, {}))).toMatchInlineSnapshot(`
     "wmi-detections.yaml: is not read: the settings file is wmi-detections.yml
       Rename it, or name it with --config wmi-detections.yaml."
    `);
    written('namespace: test\n');
    expect(readSettings({}, {}).namespace).toBe('test');
  } finally {
    process.chdir(before);
  }
});
