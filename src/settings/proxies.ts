import { keepSecret, type Problem } from '../errors';
import type { Environment } from './layers';
import { decoded } from './user-info';

/** The proxies that the environment names, as curl and others read it. */
export interface Proxies {
  /** For http:// URLs, and for https:// ones where there is no other. */
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Hosts and domains that are reached without, with commas between them. */
  readonly none?: string | undefined;
}

/** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, small letters first; undefined where there is no proxy. */
export function proxiesOf(environment: Environment, problems: Problem[]): Proxies | undefined {
  const http = proxyUrl('http_proxy', environment, problems);
  const https = proxyUrl('https_proxy', environment, problems);
  if (http === undefined && https === undefined) return undefined;
  return { http, https, none: variable('no_proxy', environment)?.value };
}

function proxyUrl(name: string, environment: Environment, problems: Problem[]): string | undefined {
  const found = variable(name, environment);
  if (found === undefined) return undefined;
  const text = found.value.includes('://') ? found.value : `http://${found.value}`;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    return withPlainUser(text);
  }
  problems.push({
    where: { file: `environment variable ${found.name}` },
    message: 'must be the URL of a proxy that begins with http:// or https://',
  });
  return undefined;
}

/** The same URL; a percent sign that encodes nothing, which curl takes as it is, is encoded: what connects decodes it. */
function withPlainUser(text: string): string {
  const url = new URL(text);
  if (url.username === '' && url.password === '') return text;
  const [username, password] = [decoded(url.username), decoded(url.password)];
  keepSecret(password);
  keepSecret(url.password);
  url.username = encodeURIComponent(username);
  url.password = encodeURIComponent(password);
  return url.href.replace(/\/$/, '');
}

function variable(name: string, environment: Environment): { name: string; value: string } | undefined {
  for (const each of [name, name.toUpperCase()]) {
    const value = environment[each];
    if (value !== undefined && value !== '') return { name: each, value };
  }
  return undefined;
}
