import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { Access } from '../settings';

type Proxies = NonNullable<Access['proxies']>;

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
  }).compose((dispatch) => (sent, handler) => dispatch(sent, namingProxies(handler, url, proxies)));
}

/**
 * Makes errors of a proxy name it. undici reports a refusal by a proxy as an abort, which is what Ctrl-C is, and a proxy that is
 * down by its address alone, which reads as if the cluster were down.
 */
function namingProxies(handler: Dispatcher.DispatchHandler, url: string, proxies: Proxies): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...all) => handler.onRequestStart?.(...all),
    onRequestUpgrade: (...all) => handler.onRequestUpgrade?.(...all),
    onResponseStart: (...all) => handler.onResponseStart?.(...all),
    onResponseData: (...all) => handler.onResponseData?.(...all),
    onResponseEnd: (...all) => handler.onResponseEnd?.(...all),
    onResponseError: (controller, error) => {
      const status = /^Proxy response \((\d+)\)/.exec(error.message)?.[1];
      const down = proxyThatIsDown(error, url, proxies);
      if (status !== undefined) handler.onResponseError?.(controller, new Error(`the proxy answered ${status}`));
      else if (down !== undefined) {
        const cause = Object.assign(new Error(`the proxy ${down} cannot be reached`, { cause: error }), codeOf(error));
        handler.onResponseError?.(controller, cause);
      } else handler.onResponseError?.(controller, error);
    },
  };
}

/** What Node.js says of a connection that failed. */
type ConnectError = Error & { readonly code?: string; readonly hostname?: string; readonly port?: number };

/**
 * The proxy whose connection failed, as host and port.
 * @returns undefined where the connection was one to the cluster itself, which `NO_PROXY` may have asked for
 */
function proxyThatIsDown(error: ConnectError, url: string, { http, https }: Proxies): string | undefined {
  const target = new URL(url);
  const named = target.protocol === 'https:' ? (https ?? http) : http;
  if (
    named === undefined ||
    !/^(?:ECONN|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT|UND_ERR_CONNECT)/.test(error.code ?? '')
  ) {
    return undefined;
  }
  const proxy = new URL(named);
  const failed = error instanceof AggregateError ? (error.errors[0] as ConnectError | undefined) : error;
  const isItsName = failed?.hostname === proxy.hostname || error.message.includes(`${proxy.hostname}:${portOf(proxy)}`);
  const isItsPort = String(failed?.port) === portOf(proxy) && portOf(target) !== portOf(proxy);
  return isItsName || isItsPort ? `${proxy.hostname}:${portOf(proxy)}` : undefined;
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

/** The code, by which the retry policy knows the fault. */
function codeOf({ code }: ConnectError): { readonly code?: string } {
  return code === undefined ? {} : { code };
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
