import { describePlace, keepSecret, type Problem } from '../errors';
import type { SettingLookup, Environment } from './layers';
import type { WrittenKey } from './schema';

/** Signs requests for AWS, in place of a header with a secret in it. */
export interface AwsSigning {
  /** `es`, Amazon OpenSearch Service, or `aoss`, its Serverless. */
  readonly service: 'es' | 'aoss';
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that last for some hours. */
  readonly sessionToken?: string | undefined;
}

/** At most one of: `apiKey`; `username` and `password`; `bearer`; `aws`. */
export interface Credentials {
  /** As it goes into the header: base64 of `id:key`. */
  readonly apiKey?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** A token of a service account or of OAuth. */
  readonly bearer?: string | undefined;
  readonly aws?: AwsSigning | undefined;
}

const KINDS: readonly (readonly WrittenKey[])[] = [
  ['api_key'],
  ['username', 'password'],
  ['bearer_token'],
  ['service_token'],
  ['aws_service', 'aws_region'],
];

/** The other half of what is no use alone. */
const HALVES: readonly (readonly [WrittenKey, WrittenKey])[] = [
  ['username', 'password'],
  ['password', 'username'],
  ['aws_region', 'aws_service'],
];

/** The credentials for one product. Two kinds at once are refused, and so are half ones. */
export function credentialsOf(lookup: SettingLookup, environment: Environment, problems: Problem[]): Credentials {
  const [first, second] = KINDS.flatMap((keys) => {
    const found = keys.map((key) => lookup.find(key)).find((each) => each !== undefined);
    return found === undefined ? [] : [found];
  });
  if (first !== undefined && second !== undefined) {
    const message = `${lookup.product}: two kinds of credentials, ${second.key} here and ${first.key} (${describePlace(first.where)})`;
    problems.push({
      where: second.where,
      message,
      hint: 'Take one of them away: which one counts must not be a riddle.',
    });
  }
  for (const [given, wanted] of HALVES) {
    const found = lookup.find(given);
    if (found === undefined || lookup.find(wanted) !== undefined) continue;
    const message = `${lookup.product}: ${given} without ${wanted}`;
    problems.push({ where: found.where, message, hint: `Give ${wanted}, too.` });
  }
  const credentials: Credentials = {
    apiKey: encodedKey(lookup.text('api_key')),
    username: lookup.text('username'),
    password: lookup.text('password'),
    bearer: lookup.text('bearer_token') ?? lookup.text('service_token'),
    aws: awsOf(lookup, environment, problems),
  };
  keepSecrets(credentials);
  return credentials;
}

/** Beats and Logstash write an API key as `id:key`; the header wants base64 of that. */
function encodedKey(apiKey: string | undefined): string | undefined {
  return apiKey?.includes(':') === true ? Buffer.from(apiKey).toString('base64') : apiKey;
}

function awsOf(lookup: SettingLookup, environment: Environment, problems: Problem[]): AwsSigning | undefined {
  const found = lookup.find('aws_service');
  if (found === undefined) return undefined;
  const given = (name: string): string => environment[name] ?? '';
  const region = lookup.text('aws_region') ?? (given('AWS_REGION') || given('AWS_DEFAULT_REGION'));
  const accessKeyId = given('AWS_ACCESS_KEY_ID');
  const secretAccessKey = given('AWS_SECRET_ACCESS_KEY');
  const missing = [
    ...(region === '' ? ['aws_region, or AWS_REGION in the environment'] : []),
    ...(accessKeyId === '' ? ['AWS_ACCESS_KEY_ID in the environment'] : []),
    ...(secretAccessKey === '' ? ['AWS_SECRET_ACCESS_KEY in the environment'] : []),
  ];
  if (missing.length > 0) {
    const hint =
      '`aws configure export-credentials --format env` prints the credentials of a profile, a role or single sign-on.';
    problems.push({
      where: found.where,
      message: `requests to AWS are signed, and there is no ${missing.join('; no ')}`,
      hint,
    });
  }
  const sessionToken = given('AWS_SESSION_TOKEN') || undefined;
  const service = found.value === 'aoss' ? 'aoss' : 'es';
  return { service, region, accessKeyId, secretAccessKey, sessionToken };
}

/** In every form in which a server could say them back. */
function keepSecrets({ apiKey, username, password, bearer, aws }: Credentials): void {
  const key = apiKey === undefined ? undefined : Buffer.from(apiKey, 'base64').toString('utf8').split(':')[1];
  const basic = password === undefined ? undefined : Buffer.from(`${username ?? ''}:${password}`).toString('base64');
  for (const secret of [apiKey, key, password, basic, bearer, aws?.secretAccessKey, aws?.sessionToken]) {
    if (secret === undefined) continue;
    keepSecret(secret);
    keepSecret(encodeURIComponent(secret));
  }
}
