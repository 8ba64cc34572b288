import type { Access } from '../settings';
import type { RetryPolicy } from './retry-policy';

/** How a cluster or a Kibana is reached; secrets come from the environment or the settings file. */
export interface Connection extends Access {
  /** Without credentials. */
  readonly url: string;
  /** More nodes of the same cluster. */
  readonly otherUrls?: readonly string[] | undefined;
}

/** What a command passes to all its requests. */
export interface RequestContext {
  /** Ends every request with an INTERRUPTED error, except those that clean up. */
  readonly signal?: AbortSignal | undefined;
  /** The program's own (RETRY_POLICY) where not given. */
  readonly retryPolicy?: RetryPolicy | undefined;
}

/** A request as error messages show it. */
export interface RequestPlace {
  readonly url: string;
  readonly method: string;
}

/** The URL without user name and password, so that it can be shown. */
export function shownUrl(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href.replace(/\/$/, '');
}
