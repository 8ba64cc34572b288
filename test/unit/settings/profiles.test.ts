import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, type Environment, type Flags, type Settings } from '../../../src/settings';
import { settingsFolder } from '../../support/temporary-folders';

const { path, written, refused: refusal } = settingsFolder();

const TWO = `
namespace: soc
elasticsearch: {url: "https://prod:9200", api_key: "\${PROD_KEY}"}
kibana: {url: "https://kibana:5601", api_key: "\${PROD_KEY}"}
profiles:
  lab:
    namespace: lab
    elasticsearch: {url: "http://lab:9200"}
  eu:
    retention: 30d
`;

function read(text: string, environment: Environment = {}, flags: Flags = {}): Settings {
  return readSettings({ config: written(text), ...flags }, environment);
}

const refused = (...asked: Parameters<typeof read>): string => refusal(() => read(...asked));

test('profiles of the settings: without a profile the top of the file counts', () => {
  const { namespace, elasticsearch } = read(TWO, { PROD_KEY: 'a2V5' });
  expect({ namespace, ...elasticsearch }).toMatchObject({ namespace: 'soc', url: 'https://prod:9200', apiKey: 'a2V5' });
});

test('profiles of the settings: a profile wins over the top of the file, the environment and flags over it', () => {
  const environment = { PROD_KEY: 'a2V5', WMI_DETECTIONS_PROFILE: 'eu' };
  expect(read(TWO, environment)).toMatchObject({ namespace: 'soc', retention: '30d' });
  const flags = { profile: 'lab', kibanaUrl: 'http://flag:5601' };
  expect(read(TWO, environment, flags)).toMatchObject({ namespace: 'lab', kibana: { url: 'http://flag:5601' } });
  const nearer = { ...environment, WMI_DETECTIONS_ES_URL: 'http://environment:1' };
  expect(read(TWO, nearer, flags).elasticsearch.url).toBe('http://environment:1');
});

test('profiles of the settings: the key of one cluster is not sent to another: a profile that names a product replaces all that was said on it', () => {
  const { elasticsearch, kibana } = read(TWO, { PROD_KEY: 'a2V5' }, { profile: 'lab' });
  expect(elasticsearch).toMatchObject({ url: 'http://lab:9200', apiKey: undefined });
  expect(kibana.apiKey).toBe('a2V5');
});

test('profiles of the settings: a missing profile is refused with a suggestion', () => {
  expect(refused(TWO, { PROD_KEY: 'x1' }, { profile: 'labs' })).toMatchInlineSnapshot(`
   "--profile: ~/wmi-detections.yml has no profile \`labs\`
     Did you mean "lab"?"
  `);
  expect(refused('namespace: a\n', { WMI_DETECTIONS_PROFILE: 'lab' })).toMatchInlineSnapshot(`
   "environment variable WMI_DETECTIONS_PROFILE: ~/wmi-detections.yml has no profile \`lab\`
     It has none: they stand below \`profiles\`."
  `);
  expect(() => readSettings({ profile: 'lab' }, {})).toThrow('there is no settings file with the profile `lab`');
  expect(refused(TWO, { PROD_KEY: 'x1' }, { profile: 'constructor' })).toContain('has no profile `constructor`');
});

test('profiles of the settings: every profile is checked, whichever counts; all problems at once', () => {
  const text = `${TWO.replace('retention: 30d', 'retntion: 30d')}  us:\n    elasticsearch: {url: "\${US_URL}", api_keys: x}\n    namespace: US\n`;
  expect(refused(text, {})).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:3:43: elasticsearch.api_key: the environment variable PROD_KEY is not set
     Set it; where the text itself is meant, write $\${…}.
   ~/wmi-detections.yml:4:38: kibana.api_key: the environment variable PROD_KEY is not set
     Set it; where the text itself is meant, write $\${…}.
   ~/wmi-detections.yml:10:5: unknown setting \`profiles.eu.retntion\`
     Did you mean \`retention\`?
   ~/wmi-detections.yml:12:39: unknown setting \`profiles.us.elasticsearch.api_keys\`
     Did you mean \`api_key\`?
   ~/wmi-detections.yml:13:5: profiles.us.namespace: must be at most 100 characters, lower case, without blanks and \\ / * ? " < > | , # : -"
  `);
});

test('profiles of the settings: references of an unused profile may be missing', () => {
  const text = `${TWO}  us:\n    elasticsearch: {url: "\${US_URL}", api_key: "file:none"}\n`;
  expect(read(text, { PROD_KEY: 'a2V5' }).elasticsearch.url).toBe('https://prod:9200');
  expect(refused(text, { PROD_KEY: 'a2V5' }, { profile: 'us' })).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:12:21: profiles.us.elasticsearch.url: the environment variable US_URL is not set
     Set it; where the text itself is meant, write $\${…}.
   ~/wmi-detections.yml:12:39: profiles.us.elasticsearch.api_key: the file ~/none cannot be read (ENOENT)
     It is to hold the secret and nothing else."
  `);
});

test('profiles of the settings: ${VAR} stands for a variable, also within a text, and $${VAR} for itself', () => {
  const text =
    'elasticsearch: {url: "https://${HOST}:${PORT}", username: "$${HOST}", password: "${PASSWORD}"}\nindices: ["logs-${HOST}"]\n';
  const environment = { HOST: 'es', PORT: '9200', PASSWORD: 'a${HOST}b' };
  const { elasticsearch, indices } = read(text, environment);
  expect(elasticsearch).toMatchObject({ url: 'https://es:9200', username: '${HOST}', password: 'a${HOST}b' });
  expect(indices).toEqual(['logs-es']);
  expect(refused(text, { HOST: 'es', PASSWORD: '' })).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:1:17: elasticsearch.url: the environment variable PORT is not set
     Set it; where the text itself is meant, write $\${…}.
   ~/wmi-detections.yml:1:71: elasticsearch.password: the environment variable PASSWORD is not set
     Set it; where the text itself is meant, write $\${…}.
   ~/wmi-detections.yml:1:49: elasticsearch: username without password
     Give password, too."
  `);
});

test('profiles of the settings: file: stands for what is in a file, beside the settings, and only where a secret does', () => {
  writeFileSync(join(path(), 'key'), 'a2V5\n');
  expect(read('elasticsearch: {api_key: "file:key"}\n').elasticsearch.apiKey).toBe('a2V5');
  expect(read('indices: ["file:key"]\n').indices).toEqual(['file:key']);
  expect(refused('elasticsearch: {api_key: "file:none"}\n')).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:1:17: elasticsearch.api_key: the file ~/none cannot be read (ENOENT)
     It is to hold the secret and nothing else."
  `);
});
