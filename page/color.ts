import { element } from './dom';

const probe = element('span', { hidden: '' });

/**
 * A colour of style.css as it is at this moment, for what is drawn and not styled. A custom property itself would be read
 * as it is written, `light-dark(…)`.
 * @param property a custom property of style.css: `--ink`
 */
export function colorOf(property: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}
