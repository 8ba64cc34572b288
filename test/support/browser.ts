import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Where Debian's package `chromium` has it. */
const CHROMIUM = '/usr/bin/chromium';

/** It runs as root in containers, without a screen; what it would ask the network for by itself is off. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page that is open in a real browser, and whatever went wrong in it. */
export interface Opened {
  readonly page: Page;
  /** Errors, warnings, violations of the policy, dialogs, requests for anything but the file itself. */
  readonly troubles: readonly string[];
}

export type Open = (html: string, options?: BrowserContextOptions) => Promise<Opened>;

/** Tests in a real headless Chromium. Where it is not installed they are skipped, and their name says so. */
export function describeInBrowser(name: string, tests: (open: Open) => void): void {
  if (!existsSync(CHROMIUM)) {
    describe.skip(`${name} (needs ${CHROMIUM}: apt-get install chromium)`, () => {
      tests(() => Promise.reject(new Error('skipped')));
    });
    return;
  }
  describe(name, () => {
    let browser: Browser;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'wmi-detections-page-'));
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    });
    afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });
    tests((html, options) => openIn(browser, join(folder, 'alerts.html'), html, options));
  });
}

async function openIn(browser: Browser, file: string, html: string, options?: BrowserContextOptions): Promise<Opened> {
  writeFileSync(file, html);
  const url = pathToFileURL(file).href;
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (![url, 'data:,'].includes(request.url().replace(/#.*$/, ''))) troubles.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, troubles };
}
