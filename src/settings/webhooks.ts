import { keepSecret, type Problem } from '../errors';
import { isRecord } from '../json';
import { nearest } from '../text/suggest';
import type { Found, Layer, SettingLookup } from './layers';
import type { Proxies } from './proxies';
import type { Path, WrittenKey, WrittenWebhook } from './schema';
import { tlsOf, type Tls } from './tls';

/** The form of a webhook's messages. */
export type WebhookForm = NonNullable<WrittenWebhook['form']> | 'template';

/** Something that gets new alerts by an HTTP POST, and which ones. */
export interface Webhook extends Tls {
  /** Its key in the settings; alerts record under it what was delivered. */
  readonly name: string;
  /** A secret: only its scheme and host may be shown. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: WebhookForm;
  /** The body, for the form `template`: JSON, in which placeholders are whole values. */
  readonly template?: unknown;
  readonly minSeverity: NonNullable<WrittenWebhook['min_severity']>;
  /** UUIDs, names or slugs of rules; undefined for all. */
  readonly rules?: readonly string[] | undefined;
  /** More alerts of one rule than this in one run are one message. */
  readonly maxPerRule: number;
  readonly proxies?: Proxies | undefined;
}

/** What a template may ask for by one word; with a dot in it, a placeholder is a field of the alert. */
export const TEMPLATE_WORDS = [
  'text',
  'title',
  'rule',
  'rule_id',
  'severity',
  'risk',
  'technique',
  'technique_url',
  'time',
  'host',
  'user',
  'parent',
  'command_line',
  'count',
  'explain',
  'alert_id',
  'test',
] as const;

export type TemplateWord = (typeof TEMPLATE_WORDS)[number];

/** A placeholder: the whole of a text, `{{host}}` or `{{process.pid}}`. */
export const PLACEHOLDER = /^\{\{\s*([\w@.]+)\s*\}\}$/;

const DEFAULT_MAX_PER_RULE = 10;

/**
 * The webhooks of the first layer that has any: a profile replaces all of them.
 * @param layers the first wins
 */
export function webhooksOf(
  layers: readonly Layer[],
  proxies: Proxies | undefined,
  problems: Problem[],
): readonly Webhook[] {
  const layer = layers.find(({ written }) => written.notify !== undefined);
  return Object.entries(layer?.written.notify ?? {}).map(([name, written]) => {
    const placeOf = (path: Path) => (layer as Layer).placeOf(['notify', name, ...path]);
    const report = (path: Path, message: string, hint?: string): void => {
      problems.push({ where: placeOf(path), message: `${['notify', name, ...path].join('.')}: ${message}`, hint });
    };
    checkName(name, report);
    checkUrl(written.url, report);
    checkHeaders(written.headers ?? {}, report);
    checkBody(written, report);
    keepWebhookSecrets(written);
    const find = (key: WrittenKey): Found | undefined => {
      const value: unknown = (written as Partial<Record<WrittenKey, unknown>>)[key];
      return value === undefined ? undefined : { key, value, where: placeOf([key]), level: 0 };
    };
    const text = (key: WrittenKey): string | undefined => {
      const value = find(key)?.value;
      return typeof value === 'string' ? value : undefined;
    };
    const lookup: SettingLookup = { product: `notify.${name}`, find, text };
    return {
      name,
      url: written.url,
      headers: written.headers ?? {},
      form: written.template === undefined ? (written.form ?? 'json') : 'template',
      template: written.template,
      minSeverity: written.min_severity ?? 'low',
      rules: written.rules,
      maxPerRule: written.max_per_rule ?? DEFAULT_MAX_PER_RULE,
      proxies,
      ...tlsOf(lookup, problems),
    };
  });
}

type Report = (path: Path, message: string, hint?: string) => void;

function checkName(name: string, report: Report): void {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) return;
  report([], 'the name of a webhook must be 1 to 64 letters, digits, dots, _ and -, and begin with a letter or digit');
}

function checkUrl(text: string, report: Report): void {
  const { username, password } = new URL(text);
  if (username === '' && password === '') return;
  keepSecret(password);
  report(['url'], 'the URL must not hold a user name or a password', 'Put them into headers.Authorization.');
}

/** Headers that belong to the connection, or that describe the body which this program writes. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** As RFC 9110 has it, 5.1 and 5.5; values are never shown. */
function checkHeaders(headers: Readonly<Record<string, string>>, report: Report): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) report(['headers', name], 'is not the name of an HTTP header');
    else if (RESERVED.has(name.toLowerCase())) report(['headers', name], 'this header cannot be set');
    else if (!/^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(value)) {
      report(['headers', name], 'must be one line of Latin-1 characters, without blanks around it');
    }
  }
}

function checkBody({ form, template }: WrittenWebhook, report: Report): void {
  if (template === undefined) return;
  if (form !== undefined) report(['form'], 'form and template exclude each other', 'Remove one of the two.');
  checkTemplate(template, ['template'], report);
}

/** A text that only contains a placeholder stays as it is when it is sent, which nobody means who writes it. */
function checkTemplate(value: unknown, path: Path, report: Report): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkTemplate(item, [...path, index], report);
  } else if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value)) checkTemplate(inner, [...path, key], report);
  } else if (typeof value === 'string' && value.includes('{{')) {
    const word = PLACEHOLDER.exec(value)?.[1];
    if (word === undefined) {
      report(path, 'a placeholder must be the whole value', 'Write "{{title}}" alone; {{text}} is the whole message.');
    } else if (!word.includes('.') && !(TEMPLATE_WORDS as readonly string[]).includes(word)) {
      const near = nearest(word, TEMPLATE_WORDS);
      const known = `Known: ${TEMPLATE_WORDS.join(', ')}, and fields of the alert such as {{process.pid}}.`;
      report(
        path,
        `unknown placeholder {{${word}}}`,
        near === undefined ? known : `Did you mean {{${near}}}? ${known}`,
      );
    }
  }
}

/** A part of a URL that is long enough to be a token; shorter ones are words such as `services`. */
const TOKEN_LENGTH = 16;

/** In every form in which a receiver or an error could repeat them. */
function keepWebhookSecrets({ url, headers = {} }: WrittenWebhook): void {
  const { pathname, search, searchParams } = new URL(url);
  const tokens = pathname.split('/').filter((part) => part.length >= TOKEN_LENGTH);
  const inHeaders = Object.values(headers).flatMap((value) => [value, value.replace(/^[A-Za-z]+ +/, '')]);
  for (const secret of [`${pathname}${search}`, ...tokens, ...searchParams.values(), ...inHeaders]) {
    keepSecret(secret);
    keepSecret(encodeURIComponent(secret));
  }
}
