import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { Access } from '../settings';

/** Milliseconds until an answer has begun, and between its parts; 0 waits for good. */
export interface Patience {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/**
 * What carries requests to one URL, for the cluster and for Kibana alike: TLS as the settings want it, and the proxies of
 * the environment. Certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says; only the settings can lift that.
 */
export function dispatcherFor(url: string, access: Access, patience: Patience): Dispatcher {
  const tls = {
    rejectUnauthorized: access.verify !== false,
    ...(access.ca !== undefined && { ca: access.ca }),
    ...(access.clientCertificate !== undefined && { cert: access.clientCertificate }),
    ...(access.clientKey !== undefined && { key: access.clientKey }),
    ...(access.clientKeyPassphrase !== undefined && { passphrase: access.clientKeyPassphrase }),
  };
  const options = { ...patience, connect: tls };
  const { proxies } = access;
  // To a proxy, 127.0.0.1 would be the proxy's own machine.
  if (proxies === undefined || isLoopback(url)) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: tls,
    ...(proxies.http !== undefined && { httpProxy: proxies.http }),
    ...(proxies.https !== undefined && { httpsProxy: proxies.https }),
    noProxy: proxies.none ?? '',
  });
}

/** What a proxy answered instead of letting us through; undefined when it was no proxy. */
export function proxyStatus(error: unknown): number | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; current = current.cause, depth += 1) {
    const status = /^Proxy response \((\d+)\)/.exec(current.message)?.[1];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
