import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { Access } from '../settings';

/** Milliseconds until an answer has begun, and between its parts; 0 waits for good. */
interface Timeouts {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/**
 * What carries requests to one URL, for the cluster and for Kibana alike: TLS as the settings want it, and the proxies of
 * the environment. Certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says; only the settings can lift that.
 */
export function dispatcherFor(url: string, access: Access, timeouts: Timeouts): Dispatcher {
  const tls = {
    rejectUnauthorized: access.verify !== false,
    ...(access.ca !== undefined && { ca: access.ca }),
    ...(access.clientCertificate !== undefined && { cert: access.clientCertificate }),
    ...(access.clientKey !== undefined && { key: access.clientKey }),
    ...(access.clientKeyPassphrase !== undefined && { passphrase: access.clientKeyPassphrase }),
  };
  const options = { ...timeouts, connect: tls };
  const { proxies } = access;
  // To a proxy, 127.0.0.1 would be the proxy's own machine.
  if (proxies === undefined || isLoopback(url)) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: tls,
    ...(proxies.http !== undefined && { httpProxy: proxies.http }),
    ...(proxies.https !== undefined && { httpsProxy: proxies.https }),
    noProxy: proxies.none ?? '',
  }).compose((dispatch) => (sent, handler) => dispatch(sent, tellingOfProxies(handler)));
}

/**
 * undici calls it an abort when a proxy says no, and an abort is what Ctrl-C is: so the error is made another one before
 * anyone takes it for that.
 */
function tellingOfProxies(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...all) => handler.onRequestStart?.(...all),
    onRequestUpgrade: (...all) => handler.onRequestUpgrade?.(...all),
    onResponseStart: (...all) => handler.onResponseStart?.(...all),
    onResponseData: (...all) => handler.onResponseData?.(...all),
    onResponseEnd: (...all) => handler.onResponseEnd?.(...all),
    onResponseError: (controller, error) => {
      const status = /^Proxy response \((\d+)\)/.exec(error.message)?.[1];
      handler.onResponseError?.(controller, status === undefined ? error : new Error(`the proxy answered ${status}`));
    },
  };
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
