import { z } from 'zod';
import type { Place, Problem } from '../errors';
import { canonicalJson } from '../json';
import { nearest } from '../text/suggest';

/*
 * What may stand in the settings. Each part is checked as it is written, in the file, the environment or a flag; what the
 * parts mean together is checked in connection.ts.
 */

export const SCHEDULERS = ['kibana', 'opensearch-alerting', 'watcher', 'local'] as const;

export type SchedulerName = (typeof SCHEDULERS)[number];

const URL_WANTED = 'must be a URL that begins with http:// or https://';
const url = z.string().refine(isWebUrl, URL_WANTED);

/** The nodes of a cluster: one URL, a list of them, or several in one text with commas between them. */
const urls = z.unknown().transform((value, context): string[] => {
  const listed: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [undefined];
  const trimmed = listed.map((each) => (typeof each === 'string' ? each.trim() : ''));
  const wrong = trimmed.findIndex((each) => !isWebUrl(each));
  if (wrong >= 0 || trimmed.length === 0) {
    context.addIssue({ code: 'custom', message: URL_WANTED, path: Array.isArray(value) && wrong >= 0 ? [wrong] : [] });
  }
  return trimmed;
});

/** The rule for the namespace of a data stream (Elastic's data stream naming scheme). */
const namespace = z
  .string()
  .refine(
    (text) => /^[^A-Z\\/*?"<>|\s,#:-]{1,100}$/.test(text),
    'must be at most 100 characters, lower case, without blanks and \\ / * ? " < > | , # : -',
  );

/** What goes into a header as it is; a line end that came along with it would be refused there, and show it. */
const token = z.string().regex(/^[\x21-\x7e]+$/, 'must be letters, digits and signs, without blanks and line ends');

/** How the certificates of a connection are verified, and the one that we show. */
const tls = z.strictObject({
  ca: z.string().optional(),
  ca_fingerprint: z
    .string()
    .regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, 'must be a SHA-256 fingerprint: 64 hexadecimal digits')
    .optional(),
  client_certificate: z.string().optional(),
  client_key: z.string().optional(),
  client_key_passphrase: z.string().optional(),
  tls: z.strictObject({ verify: z.boolean().optional() }).optional(),
});

const connection = tls.extend({
  cloud_id: z.string().optional(),
  api_key: token.optional(),
  username: z.string().min(1, 'must not be empty').optional(),
  password: z.string().min(1, 'must not be empty').optional(),
  bearer_token: token.optional(),
  service_token: token.optional(),
});

/** As Kibana names spaces in its URLs. */
const spaces = z
  .array(z.string().regex(/^[a-z0-9_-]+$/, 'must be the id of a space: small letters, digits, _ and -'))
  .min(1, 'must name a space');

const elasticsearch = connection.extend({
  url: urls.optional(),
  aws_service: z.enum(['es', 'aoss'], 'must be es (OpenSearch Service) or aoss (OpenSearch Serverless)').optional(),
  aws_region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'must be a region of AWS, such as eu-central-1')
    .optional(),
});

const kibana = connection.extend({ url: url.optional(), spaces: spaces.optional() });

/** The severities of alerts, the lowest first (docs/design.md, "Severity"). */
const SEVERITY_WORDS = ['low', 'medium', 'high', 'critical'] as const;

/** The forms of a webhook's messages; a template of the user's is the fourth. */
const FORMS = ['json', 'slack', 'teams'] as const;

/** A webhook that gets new alerts; what its parts mean together is checked in webhooks.ts. */
const webhook = tls.extend({
  url: z.string(URL_WANTED).refine(isWebUrl, URL_WANTED),
  headers: z.record(z.string(), z.string()).optional(),
  form: z.enum(FORMS, `must be one of ${FORMS.join(', ')}`).optional(),
  template: z.unknown().optional(),
  min_severity: z.enum(SEVERITY_WORDS, `must be one of ${SEVERITY_WORDS.join(', ')}`).optional(),
  rules: z.array(z.string().min(1)).min(1, 'must name a rule').optional(),
  max_per_rule: z
    .int('must be a whole number from 1 to 1000')
    .min(1, 'must be at least 1')
    .max(1000, 'must be at most 1000')
    .optional(),
});

/** The settings of one cluster. */
export const settingsShape = z.strictObject({
  elasticsearch: elasticsearch.optional(),
  kibana: kibana.optional(),
  namespace: namespace.optional(),
  scheduler: z.enum(SCHEDULERS, `must be one of ${SCHEDULERS.join(', ')}`).optional(),
  channel: z
    .string()
    .regex(/^[\w-]{1,128}$/, 'must be the id of a notification channel: letters, digits, _ and -')
    .optional(),
  indices: z.array(z.string().min(1)).min(1).optional(),
  retention: z
    .string()
    .regex(/^[1-9]\d{0,4}[dhms]$/, 'must be a duration of days, hours, minutes or seconds, such as 90d')
    .optional(),
  content: z.string().optional(),
  notify: z.record(z.string(), webhook).optional(),
});

/** The file: settings, and others by name, of which --profile chooses one. */
export const fileShape = settingsShape.extend({ profiles: z.record(z.string(), settingsShape).optional() });

/** What one part (file, profile, environment, flags) says. */
export type Written = z.infer<typeof settingsShape>;

/** A key of the settings of a product. */
export type WrittenKey = keyof z.infer<typeof elasticsearch>;

/** A webhook as the settings write it. */
export type WrittenWebhook = z.infer<typeof webhook>;

export type Product = 'elasticsearch' | 'kibana';

/** The keys that the form has at a path, for suggestions. */
export function keysAt(path: readonly (string | number)[]): string[] {
  let schema: unknown = fileShape;
  for (const step of path) {
    if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodObject) schema = schema.shape[step];
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export type Path = readonly (string | number)[];

/** One part of the settings as it is written: a file, the environment, flags. */
export interface Part {
  readonly value: unknown;
  readonly placeOf: (path: Path) => Place;
  /** Whether a value counts in this call; every one does unless told. */
  readonly counts?: (path: Path) => boolean;
}

/**
 * Holds a part of the settings against its form. Values are never shown: they may be secrets.
 * @returns undefined when something is wrong; it is in `problems` then
 */
export function checked<T>(schema: z.ZodType<T>, part: Part, problems: Problem[]): T | undefined {
  const result = schema.safeParse(part.value ?? {});
  if (result.success) return result.data;
  const found = result.error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, part));
    return [{ where: part.placeOf(path), message: `${path.join('.') || 'settings'}: ${issue.message}` }];
  });
  // Of a value that refers to nothing, that is said already.
  const known = new Set(problems.map(({ where }) => canonicalJson(where ?? null)));
  problems.push(...found.filter(({ where }) => !known.has(canonicalJson(where ?? null))));
  return undefined;
}

function unknownKey(key: string, path: Path, { placeOf }: Part): Problem {
  const known = keysAt(path);
  const near = nearest(key, known);
  return {
    where: placeOf([...path, key]),
    message: `unknown setting \`${[...path, key].join('.')}\``,
    hint: near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean \`${near}\`?`,
  };
}
