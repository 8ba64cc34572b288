import { source as AXE } from 'axe-core';
import type { Page } from 'playwright-core';
import { alertDocument, CHILD, explanationOf, pageWith } from '../support/alerts-page';
import { describeInBrowser, type Open } from '../support/browser';

const LINE = `wmic process call create "\u202e${'long'.repeat(100)}"`;

const LONG = alertDocument('a', {
  commandLine: LINE,
  host: 'h'.repeat(80),
  user: 'S-1-5-21-3842939050-3880317879-2865463114-1272',
});

const PAGE = pageWith(
  [LONG, alertDocument('b', { rule: CHILD, more: { wmi_detections: { count: 7, status: 'closed' } } })],
  [
    explanationOf(LONG, {
      met: [{ field: 'process.command_line', value: LINE, test: 'contains', offset: 4, length: 9 }],
      children: [LONG],
    }),
  ],
);

interface Fault {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds wrong, each with the element; its own rules, those of good practice too. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<{ violations: readonly Fault[] }>('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

async function openAll(page: Page): Promise<void> {
  await page.locator('#open').click();
  for (const summary of await page.locator('figure summary, .fields summary').all()) await summary.click();
  await page.locator('#users tbody tr').first().waitFor();
}

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

describeInBrowser('the page, read by anybody', (open: Open) => {
  test.each([
    ['light', WIDE],
    ['dark', WIDE],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('has no accessibility fault: %s, %p', async (colorScheme, viewport) => {
    const { page } = await open(PAGE, { colorScheme, viewport });
    expect(await faults(page)).toEqual([]);
    await openAll(page);
    expect(await faults(page)).toEqual([]);
  });

  test('the check finds an existing fault', async () => {
    const { page } = await open(PAGE);
    await page.evaluate(
      `document.querySelector('input[type=search]').closest('label').replaceWith(document.createElement('input'))`,
    );
    expect(await faults(page)).toEqual([expect.stringMatching(/^label: <input>/)]);
  });

  test('a screen reader hears landmarks, headings, names and how many alerts are left', async () => {
    const { page } = await open(PAGE);
    await page.getByRole('searchbox', { name: 'Search' }).fill('long');
    expect(await page.getByRole('status').innerText()).toBe('1 of 2 alerts');
    for (const role of ['banner', 'main', 'search'] as const) expect(await page.getByRole(role).count()).toBe(1);
    await page.locator('#open').click();
    expect(await page.getByRole('heading').allInnerTexts()).toEqual(
      expect.arrayContaining(['Alerts', '1 of 2 alerts', expect.stringMatching(/^why$/i)]),
    );
    expect(
      await page.getByRole('img', { name: 'Alerts over time (UTC): bars; the same as a table follows' }).count(),
    ).toBe(1);
  });

  test('everything can be done by keyboard alone', async () => {
    const { page } = await open(PAGE);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    // Past the link that skips to the list, the first alert.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#alert-a[open] .details').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('#alert-a:not([open])').waitFor();
    const stops = new Set<string>();
    await page.evaluate(`document.activeElement.blur(); window.scrollTo(0, 0)`);
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab');
      stops.add(
        await page.evaluate(
          `document.activeElement.id || document.activeElement.name || document.activeElement.textContent`,
        ),
      );
    }
    for (const stop of ['theme', 'print', 'text', 'rule', 'from', 'clear', 'sort', 'open', 'Risk by host as a table']) {
      expect(stops).toContain(stop);
    }
  });

  test.each([320, 360, 768, 1280])('nothing runs out of a screen %i wide', async (width) => {
    const { page } = await open(PAGE, { viewport: { width, height: 740 } });
    await openAll(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  test('the filters are folded on a phone and open on a desktop', async () => {
    const rule = '#more select[name=rule]';
    expect(await (await open(PAGE, { viewport: PHONE })).page.locator(rule).isVisible()).toBe(false);
    expect(await (await open(PAGE, { viewport: WIDE })).page.locator(rule).isVisible()).toBe(true);
  });

  test('the theme is the system’s, or the one that is chosen', async () => {
    const { page } = await open(PAGE, { colorScheme: 'dark' });
    const sandbox = (): Promise<string> => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await sandbox();
    await page.locator('#theme').selectOption('light');
    const light = await sandbox();
    expect(light).not.toBe(dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('#theme').selectOption('');
    expect(await sandbox()).toBe(light);
    await page.locator('#theme').selectOption('dark');
    expect(await sandbox()).toBe(dark);
  });

  test('on paper every alert that is shown is open and dark on white, and closed again after', async () => {
    const { page, troubles } = await open(PAGE, { colorScheme: 'dark' });
    await page.getByRole('searchbox').fill('long');
    // What the page was when it was printed, seen from inside.
    await page.evaluate(`addEventListener('beforeprint', () => {
      window.printed = [...document.querySelectorAll('#list details[id]')].map((row) => row.open);
    })`);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(await page.evaluate('printed')).toEqual([true, false]);
    expect(await page.locator('#list details[open]').count()).toBe(0);
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.querySelector(".rule")).color')).toBe('rgb(24, 33, 46)');
    expect(await page.locator('#filters').isVisible()).toBe(false);
    expect(await page.locator('#only').innerText()).toBe('Only text long');
    expect(troubles).toEqual([]);
  });
});
