import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, type Environment } from '../../../src/settings';
import { settingsFolder } from '../../support/temporary-folders';

const { path, written, refused: refusal } = settingsFolder();

/** What the settings say of the cluster, without what they do not say. */
function cluster(text: string, environment: Environment = {}): Record<string, unknown> {
  const { elasticsearch } = readSettings({ config: written(text) }, environment);
  return Object.fromEntries(Object.entries(elasticsearch).filter(([, value]) => value !== undefined));
}

const refused = (text: string, environment: Environment = {}): string =>
  refusal(() => readSettings({ config: written(text) }, environment));

describe('connection settings: credentials', () => {
  test.each([
    ['an API key', 'api_key: aWQ6a2V5', { apiKey: 'aWQ6a2V5' }],
    ['an API key as Beats write it', 'api_key: "id:key"', { apiKey: 'aWQ6a2V5' }],
    ['a user', 'username: ines\n  password: pass word', { username: 'ines', password: 'pass word' }],
    ['a bearer token', 'bearer_token: eyJh.bGci', { bearer: 'eyJh.bGci' }],
    ['a service token', 'service_token: AAEAAWVs', { bearer: 'AAEAAWVs' }],
    [
      'a user in the URL',
      'url: http://ines:pass%20word@es:9200',
      { username: 'ines', password: 'pass word', url: 'http://es:9200' },
    ],
  ])('%s', (_, line, expected) => {
    expect(cluster(`elasticsearch:\n  ${line}\n`)).toEqual(expected);
  });

  test('two kinds at once are refused from every source', () => {
    expect(refused('elasticsearch:\n  api_key: aWQ6a2V5\n  bearer_token: eyJhbGci\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:3:3: elasticsearch: two kinds of credentials, bearer_token here and api_key (~/wmi-detections.yml:2:3)
       Take one of them away: which one counts must not be a riddle."
    `);
    const environment = { WMI_DETECTIONS_ES_USERNAME: 'ines', WMI_DETECTIONS_ES_PASSWORD: 'hunter2' };
    expect(refused('elasticsearch:\n  api_key: aWQ6a2V5\n', environment)).toMatchInlineSnapshot(`
     "environment variable WMI_DETECTIONS_ES_USERNAME: elasticsearch: two kinds of credentials, username here and api_key (~/wmi-detections.yml:2:3)
       Take one of them away: which one counts must not be a riddle."
    `);
    expect(refused('elasticsearch:\n  url: http://a:b@es:9200\n  service_token: AAEAAWVs\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:3:3: elasticsearch: two kinds of credentials, service_token here and username (~/wmi-detections.yml:2:3)
       Take one of them away: which one counts must not be a riddle."
    `);
  });

  test('are refused where a half is missing', () => {
    expect(refused('elasticsearch:\n  username: ines\nkibana:\n  password: hunter2\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:4:3: kibana: password without username
       Give username, too.
     ~/wmi-detections.yml:2:3: elasticsearch: username without password
       Give password, too."
    `);
    expect(refused('elasticsearch:\n  url: http://ines@es:9200\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:2:3: elasticsearch: username without password
       Give password, too."
    `);
    expect(refused('elasticsearch:\n  client_certificate: none.pem\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:2:3: elasticsearch: client_certificate without client_key
       Give client_key, too: the path of a PEM file.
     ~/none.pem: the client certificate file cannot be read (ENOENT)"
    `);
  });

  test('a user in the URL of a flag is refused, in that of the environment not', () => {
    const url = 'http://ines:hunter2@es:9200';
    expect(() => readSettings({ esUrl: url }, {})).toThrow(/everyone on this machine can read a command line/);
    expect(readSettings({}, { WMI_DETECTIONS_ES_URL: url }).elasticsearch).toMatchObject({
      url: 'http://es:9200',
      password: 'hunter2',
    });
  });

  test('a key with a line end or a number without quotes is refused, and not shown', () => {
    const message = refused('elasticsearch:\n  username: ines\n  password: 20251103\n', {
      WMI_DETECTIONS_ES_API_KEY: 'c2VjcmV0\n',
    });
    expect(message).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:3:3: elasticsearch.password: Invalid input: expected string, received number
     environment variable WMI_DETECTIONS_ES_API_KEY: elasticsearch.api_key: must be letters, digits and signs, without blanks and line ends"
    `);
  });

  test('a password that YAML takes for an alias is reported by its place only', () => {
    expect(refused('elasticsearch:\n  username: ines\n  password: *hunter2\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:3:13: not valid YAML: an alias (*name) without its anchor (&name)
       A text that begins with * or & wants quotes."
    `);
  });
});

describe('connection settings: AWS', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' };

  test('credentials and region come from the environment unless the region is set', () => {
    const text = 'elasticsearch:\n  url: https://es.example\n  aws_service: aoss\n';
    const aws = { service: 'aoss', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' };
    expect(cluster(text, { ...keys, AWS_REGION: 'eu-west-1' })['aws']).toEqual({ ...aws, region: 'eu-west-1' });
    expect(cluster(`${text}  aws_region: eu-north-1\n`, { ...keys, AWS_REGION: 'eu-west-1' })['aws']).toEqual({
      ...aws,
      region: 'eu-north-1',
    });
  });

  test('what is missing is named', () => {
    expect(refused('elasticsearch:\n  aws_service: es\n', { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE' })).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:2:3: requests to AWS are signed, and there is no aws_region, or AWS_REGION in the environment; no AWS_SECRET_ACCESS_KEY in the environment
       \`aws configure export-credentials --format env\` prints the credentials of a profile, a role or single sign-on."
    `);
    expect(refused('elasticsearch:\n  aws_region: eu-west-1\n', keys)).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:2:3: elasticsearch: aws_region without aws_service
       Give aws_service, too."
    `);
    expect(refused('elasticsearch:\n  aws_service: s3\n', keys)).toMatchInlineSnapshot(
      `"~/wmi-detections.yml:2:3: elasticsearch.aws_service: must be es (OpenSearch Service) or aoss (OpenSearch Serverless)"`,
    );
  });
});

describe('connection settings: where the cluster is', () => {
  const cloudId = `prod:${Buffer.from('eu.cloud.example:9243$abc$def:9244').toString('base64')}`;

  test('several nodes, as a list or with commas', () => {
    const nodes = { url: 'https://a:9200', otherUrls: ['https://b:9200', 'https://c:9200/es'] };
    expect(cluster('elasticsearch:\n  url: [https://a:9200, https://b:9200, https://c:9200/es]\n')).toEqual(nodes);
    const flags = { esUrl: 'https://a:9200, https://b:9200,https://c:9200/es' };
    expect(readSettings(flags, {}).elasticsearch).toMatchObject(nodes);
    expect(refused('elasticsearch:\n  url: [https://a:9200, b:9200]\n')).toMatchInlineSnapshot(
      `"~/wmi-detections.yml:2:25: elasticsearch.url.1: must be a URL that begins with http:// or https://"`,
    );
  });

  test('a cloud id gives both URLs', () => {
    const { elasticsearch, kibana } = readSettings(
      {},
      { WMI_DETECTIONS_ES_CLOUD_ID: cloudId, WMI_DETECTIONS_KIBANA_CLOUD_ID: cloudId },
    );
    expect(elasticsearch.url).toBe('https://abc.eu.cloud.example:9243');
    expect(kibana.url).toBe('https://def.eu.cloud.example:9244');
    expect(cluster(`elasticsearch:\n  cloud_id: "${cloudId.replace('prod:', '')}"\n`)['url']).toBe(
      'https://abc.eu.cloud.example:9243',
    );
  });

  test('without a port it is 443', () => {
    const id = `x:${Buffer.from('eu.cloud.example$abc$').toString('base64')}`;
    expect(cluster(`elasticsearch:\n  cloud_id: "${id}"\n`)['url']).toBe('https://abc.eu.cloud.example');
    expect(refused(`kibana:\n  cloud_id: "${id}"\n`)).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:2:3: kibana.cloud_id: is not the cloud id of a deployment with Kibana
       Copy it from the page of the deployment: a name, a colon and base64."
    `);
  });

  test.each([
    'prod',
    'prod:%%%',
    `prod:${Buffer.from('$$').toString('base64')}`,
    `x:${Buffer.from('host/p$a b$c').toString('base64')}`,
  ])('cloud id %s is refused', (id) => {
    expect(refused(`elasticsearch:\n  cloud_id: "${id}"\n`)).toContain('is not the cloud id of a deployment');
  });

  test('of URL and cloud id the nearer counts, and both at one place are refused', () => {
    const text = `elasticsearch:\n  cloud_id: "${cloudId}"\n`;
    expect(cluster(text, { WMI_DETECTIONS_ES_URL: 'http://es:9200' })['url']).toBe('http://es:9200');
    expect(refused(`${text}  url: http://es:9200\n`)).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:3:3: elasticsearch: both url and cloud_id (~/wmi-detections.yml:2:3)
       Take one of them away: a cloud id stands for a URL."
    `);
  });
});

describe('connection settings: TLS', () => {
  test('verified unless the file says otherwise, which the environment cannot', () => {
    expect(cluster('elasticsearch: {url: "https://es"}\n')).toEqual({ url: 'https://es' });
    expect(cluster('elasticsearch:\n  tls: {verify: true}\n')).toEqual({});
    expect(cluster('elasticsearch:\n  tls: {verify: false}\n')).toMatchObject({
      verify: false,
      unverified: { line: 2, column: 3 },
    });
    const environment = { WMI_DETECTIONS_ES_TLS_VERIFY: 'false', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(readSettings({}, environment).elasticsearch.verify).toBeUndefined();
    expect(refused('elasticsearch:\n  tls: {verfy: false}\n')).toMatchInlineSnapshot(`
     "~/wmi-detections.yml:2:9: unknown setting \`elasticsearch.tls.verfy\`
       Did you mean \`verify\`?"
    `);
  });

  test('a fingerprint with or without colons', () => {
    const hex = 'ab'.repeat(32);
    const colons = hex.match(/../g)?.join(':') ?? '';
    expect(cluster(`elasticsearch:\n  ca_fingerprint: ${hex}\n`)).toEqual({ caFingerprint: hex.toUpperCase() });
    expect(cluster(`elasticsearch:\n  ca_fingerprint: ${colons}\n`)).toEqual({ caFingerprint: hex.toUpperCase() });
    expect(refused('elasticsearch:\n  ca_fingerprint: sha1\n')).toMatchInlineSnapshot(
      `"~/wmi-detections.yml:2:3: elasticsearch.ca_fingerprint: must be a SHA-256 fingerprint: 64 hexadecimal digits"`,
    );
  });

  test('files are taken from the folder of the settings, and must hold what they are for', () => {
    writeFileSync(join(path(), 'ca.pem'), 'no certificate');
    expect(refused('elasticsearch:\n  ca: ca.pem\nkibana:\n  ca: none.pem\n')).toMatchInlineSnapshot(`
     "~/none.pem: the CA file cannot be read (ENOENT)
     ~/wmi-detections.yml:2:3: elasticsearch: the CA file holds no certificate
       It is to be PEM: -----BEGIN CERTIFICATE-----."
    `);
  });

  test('a client certificate and its key', () => {
    const [certificate, key, other] = ['client.crt', 'client.key', 'other.key'].map((name) => join(path(), name)) as [
      string,
      string,
      string,
    ];
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=c',
      '-keyout',
      key,
      '-out',
      certificate,
    );
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', other);
    const text = 'elasticsearch:\n  client_certificate: client.crt\n  client_key: client.key\n';
    expect(cluster(text)).toEqual({
      clientCertificate: expect.stringContaining('BEGIN CERTIFICATE') as string,
      clientKey: expect.stringContaining('PRIVATE KEY') as string,
    });
    expect(refused(text.replace('client.key', 'other.key'))).toMatch(/client_certificate and client_key do not serve/);
  });
});

describe('connection settings: proxies', () => {
  test('those of the environment, small letters first', () => {
    const environment = { HTTPS_PROXY: 'http://big:3128', https_proxy: 'small:3128', NO_PROXY: 'es.example' };
    expect(readSettings({}, environment).elasticsearch.proxies).toEqual({
      http: undefined,
      https: 'http://small:3128',
      none: 'es.example',
    });
    expect(readSettings({}, { NO_PROXY: '*' }).elasticsearch.proxies).toBeUndefined();
    expect(() => readSettings({}, { HTTP_PROXY: 'socks://x' })).toThrow(
      'environment variable HTTP_PROXY: must be the URL of a proxy that begins with http:// or https://',
    );
  });
});
