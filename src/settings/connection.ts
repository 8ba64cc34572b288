import { type Problem, describePlace } from '../errors';
import { credentialsOf, type Credentials } from './credentials';
import { type Layer, type Environment, settingLookup, type SettingLookup } from './layers';
import type { Proxies } from './proxies';
import type { Product } from './schema';
import { tlsOf, type Tls } from './tls';

/** How a product is entered. Secrets come from the environment or the file, never from flags. */
export interface Access extends Credentials, Tls {
  readonly proxies?: Proxies | undefined;
}

/** Where a product is, and how it is entered. */
export interface ConnectionSettings extends Access {
  /** Without credentials, like the others. */
  readonly url?: string | undefined;
  /** More nodes of the same cluster: what one does not answer, another may. */
  readonly otherUrls?: readonly string[] | undefined;
}

/**
 * How one product is reached, by all that the layers say of it.
 * @param layers the first wins
 */
export function connectionOf(
  product: Product,
  layers: readonly Layer[],
  environment: Environment,
  problems: Problem[],
): ConnectionSettings {
  const lookup = settingLookup(product, layers);
  const [url, ...otherUrls] = addressesOf(product, lookup, problems);
  return {
    url,
    ...(otherUrls.length > 0 && { otherUrls }),
    ...credentialsOf(lookup, environment, problems),
    ...tlsOf(lookup, problems),
  };
}

/** The URLs of a product: as they are written, or as a cloud id says them; of two layers the first counts. */
export function addressesOf(product: Product, { find }: SettingLookup, problems: Problem[]): readonly string[] {
  const url = find('url');
  const cloud = find('cloud_id');
  if (url !== undefined && cloud !== undefined && url.level === cloud.level) {
    const message = `${product}: both url and cloud_id (${describePlace(cloud.where)})`;
    problems.push({ where: url.where, message, hint: 'Take one of them away: a cloud id stands for a URL.' });
  }
  if (cloud === undefined || (url !== undefined && url.level < cloud.level)) {
    return (Array.isArray(url?.value) ? url.value : [url?.value]).flatMap((each) =>
      each === undefined ? [] : String(each),
    );
  }
  const found = cloudUrls(String(cloud.value))?.[product];
  if (found !== undefined) return [found];
  const name = product === 'kibana' ? 'Kibana' : 'Elasticsearch';
  problems.push({
    where: cloud.where,
    message: `${product}.cloud_id: is not the cloud id of a deployment with ${name}`,
    hint: 'Copy it from the page of the deployment: a name, a colon and base64.',
  });
  return [];
}

/** The URLs that a cloud id stands for. */
export interface CloudUrls {
  readonly elasticsearch?: string | undefined;
  readonly kibana?: string | undefined;
}

/**
 * Takes apart a cloud id as Elastic's consoles show it: `name:base64(host$elasticsearch$kibana)`, in which the host and each
 * of the others may have a port (https://www.elastic.co/docs/reference/beats/filebeat/configure-cloud-id).
 * @returns undefined when it is none
 */
export function cloudUrls(cloudId: string): CloudUrls | undefined {
  const encoded = cloudId.slice(cloudId.lastIndexOf(':') + 1);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const [host = '', ...products] = Buffer.from(encoded, 'base64').toString('utf8').split('$');
  const [elasticsearch, kibana] = products.map((product) => urlOf(product, host));
  return elasticsearch === undefined && kibana === undefined ? undefined : { elasticsearch, kibana };
}

function urlOf(product: string, host: string): string | undefined {
  const [id = '', ownPort] = product.split(':');
  const [domain = '', port = '443'] = host.split(':');
  if (![id, ...domain.split('.')].every((label) => /^[a-z0-9-]+$/i.test(label))) return undefined;
  return new URL(`https://${id}.${domain}:${ownPort ?? port}`).origin;
}
