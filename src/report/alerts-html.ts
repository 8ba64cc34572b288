import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../program';
import type { AlertsPage } from './alerts-page';

/** Built from page/ by scripts/build-page.mjs: the page with its script and style in it, and nothing to show. */
const TEMPLATE = join(PROGRAM_FOLDER, 'dist', 'alerts.html');

/** Where the template has its data. */
const DATA = '<script type="application/json" id="data"></script>';

/** In a script element only `<` can end it or begin a comment in it; the rest keeps the text safe wherever it is copied to. */
const UNSAFE = /[<>&\u2028\u2029]/g;

/**
 * One page that shows the alerts in a browser: no request, no script and no style but its own, which its
 * Content-Security-Policy allows by hash. What the alerts hold is JSON in it, never markup.
 */
export function alertsHtml(page: AlertsPage): string {
  const json = JSON.stringify(page).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return readFileSync(TEMPLATE, 'utf8').replace(DATA, () => DATA.replace('><', () => `>${json}<`));
}
