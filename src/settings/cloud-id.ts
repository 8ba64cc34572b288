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
