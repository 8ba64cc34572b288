import { keepSecret, type Problem } from '../errors';
import type { Layer } from './layers';
import type { Product } from './schema';

/**
 * A layer whose URLs hold no user name and password any more: they are settings like the others.
 * @returns the same layer with `username` and `password` where a URL held them
 */
export function withoutUserInfo(layer: Layer, problems: Problem[]): Layer {
  return (['elasticsearch', 'kibana'] as const).reduce((done, product) => strip(done, product, problems), layer);
}

function strip(layer: Layer, product: Product, problems: Problem[]): Layer {
  const connection = layer.written[product];
  if (connection?.url === undefined) return layer;
  const urls = (Array.isArray(connection.url) ? connection.url : [connection.url]).map((text) => new URL(text));
  const [found] = urls.filter(({ username, password }) => username !== '' || password !== '');
  if (found === undefined) return layer;
  const username = decoded(found.username);
  const password = decoded(found.password);
  keepSecret(password);
  keepSecret(found.password);
  const where = layer.placeOf([product, 'url']);
  if (layer.isPublic === true) {
    problems.push({
      where,
      message: 'the URL holds a user name or a password, and everyone on this machine can read a command line',
      hint: 'Set WMI_DETECTIONS_ES_USERNAME and WMI_DETECTIONS_ES_PASSWORD (KIBANA for ES with Kibana) instead.',
    });
  }
  if (connection.username !== undefined || connection.password !== undefined) {
    problems.push({
      where,
      message: `${product}: the URL holds a user, and so do username and password`,
      hint: 'Take one of them away.',
    });
  }
  for (const url of urls) url.username = url.password = '';
  const bare = urls.map(({ href }) => href.replace(/\/$/, ''));
  const own = {
    url: Array.isArray(connection.url) ? bare : bare[0],
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
  };
  return {
    ...layer,
    written: { ...layer.written, [product]: { ...connection, ...own } },
    placeOf: (path) => {
      const [first, key] = path;
      const fromUrl = first === product && (key === 'username' || key === 'password') && own[key] !== undefined;
      return fromUrl ? where : layer.placeOf(path);
    },
  };
}

/** A name or a password as it stands in a URL: percent-encoded, or as it is where that cannot be decoded. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
