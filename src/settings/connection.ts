import type { Problem } from '../errors';
import { addressesOf } from './addresses';
import { credentialsOf, type Credentials } from './credentials';
import type { Layer } from './layers';
import type { Proxies } from './proxies';
import type { Environment } from './references';
import { settingLookup } from './setting-lookup';
import type { Product } from './shape';
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
  const said = settingLookup(product, layers);
  const [url, ...otherUrls] = addressesOf(said, problems);
  return {
    url,
    ...(otherUrls.length > 0 && { otherUrls }),
    ...credentialsOf(said, environment, problems),
    ...tlsOf(said, problems),
  };
}
