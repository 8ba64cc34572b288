import { alertDocument, CHILD, pageWith } from '../support/alerts-page';
import { describeInBrowser, type Opened } from '../support/browser';

const MANY = Array.from({ length: 1000 }, (_, index) =>
  alertDocument(`alert${index}`, {
    start: new Date(Date.UTC(2025, 2, 1) + index * 600_000).toISOString(),
    host: `ws-${index % 300}`,
    user: `user-${index % 100}`,
    commandLine: `wmic process call create "${'x'.repeat(index)}"`,
    ...(index % 3 === 0 && { rule: CHILD }),
  }),
);

/** Counts the nodes that the page makes and throws away from here on. */
const WATCH = `
  window.made = 0;
  new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records) window.made += addedNodes.length + removedNodes.length;
  }).observe(document.getElementById('list'), { childList: true, subtree: true });
`;

async function nodes({ page }: Opened): Promise<number> {
  return await page.evaluate(`document.querySelectorAll('*').length`);
}

// Not by the clock, which tells of the machine: by the work that is done.
describeInBrowser('a page of 1,000 alerts', (open) => {
  test('makes a handful of nodes for each, and details only when they are looked at', async () => {
    const few = await nodes(await open(pageWith(MANY.slice(0, 10))));
    const opened = await open(pageWith(MANY));
    const many = await nodes(opened);
    // Rows, and the options of hosts and users.
    expect((many - few) / 990).toBeLessThan(16);
    expect(await opened.page.locator('.details').count()).toBe(0);
    await opened.page.locator('#list > li > details > summary').nth(500).click();
    await opened.page.locator('.details').waitFor();
    expect((await nodes(opened)) - many).toBeLessThan(200);
    expect(opened.troubles).toEqual([]);
  });

  test('filters without making or throwing away a node of the list', async () => {
    const { page, troubles } = await open(pageWith(MANY));
    await page.evaluate(WATCH);
    await page.getByRole('searchbox').pressSequentially('WS-299');
    await page.locator('select[name=severity]').selectOption('high');
    expect(await page.locator('#count').innerText()).toBe('0 of 1000 alerts');
    await page.locator('select[name=severity]').selectOption('medium');
    expect(await page.locator('#list > li:visible').count()).toBe(3);
    expect(await page.evaluate('made')).toBe(0);
    expect(troubles).toEqual([]);
  });

  test('lays out only the rows that are seen', async () => {
    const { page } = await open(pageWith(MANY));
    const state = (place: string): Promise<boolean> =>
      page.locator(`#list > li:${place} summary .rule`).evaluate((node) => {
        return (node as unknown as { checkVisibility(o: object): boolean }).checkVisibility({
          contentVisibilityAuto: true,
        });
      });
    expect([await state('first-child'), await state('last-child')]).toEqual([true, false]);
  });

  test('draws no more than 48 bars in time and 8 in a ranking', async () => {
    const { page } = await open(pageWith(MANY));
    expect(await page.locator('figure tbody tr').count()).toBe(0);
    await page.locator('#timeline summary').click();
    await page.locator('#timeline tbody tr').first().waitFor();
    expect(await page.locator('#timeline tbody tr').count()).toBeLessThanOrEqual(48);
    await page.locator('#hosts summary').click();
    await page.locator('#hosts tbody tr').nth(299).waitFor();
    expect(await page.locator('#hosts tbody tr').count()).toBe(300);
  });
});
