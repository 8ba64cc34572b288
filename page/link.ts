import { element } from './dom';
import { safeText } from './safe-text';

/** A reference that can be followed, where it is a web address; any other (`javascript:`) stays text. */
export function link(url: string, text = url): HTMLElement {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  return protocol === 'https:' || protocol === 'http:'
    ? element('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, ...safeText(text))
    : element('span', {}, ...safeText(text === url ? url : `${text} ${url}`));
}
