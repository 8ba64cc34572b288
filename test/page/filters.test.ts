import type { Page } from 'playwright-core';
import { alertDocument, CHILD, pageWith } from '../support/alerts-page';
import { describeInBrowser, type Open } from '../support/browser';

const ALERTS = [
  alertDocument('first', { start: '2025-03-11T09:10:00Z', host: 'ws-101', user: 'alice', commandLine: 'wmic ONE two' }),
  alertDocument('second', { start: '2025-03-11T09:20:00Z', host: 'ws-102', user: 'bob', rule: CHILD }),
  alertDocument('third', { start: '2025-03-11T09:30:00Z', host: 'ws-102', user: 'alice', status: 'closed' }),
];

async function shown(page: Page): Promise<string[]> {
  const rows = await page.locator('#list > li:visible > details').all();
  return Promise.all(rows.map(async (row) => (await row.getAttribute('id'))?.replace('alert-', '') ?? ''));
}

describeInBrowser('filters of the page', (open: Open) => {
  test.each([
    ['rule', 'Process Execution via WMI', ['second']],
    ['severity', 'medium', ['third', 'first']],
    ['status', 'closed', ['third']],
    ['technique', 'T1047 Windows Management Instrumentation', ['third', 'second', 'first']],
    ['host', 'ws-102', ['third', 'second']],
    ['user', 'alice', ['third', 'first']],
  ])('by %s show %s', async (name, value, ids) => {
    const { page, troubles } = await open(pageWith(ALERTS));
    await page.locator(`select[name=${name}]`).selectOption(value);
    expect(await shown(page)).toEqual(ids);
    expect(await page.locator('#only').innerText()).toBe(`Only ${name} ${value}`);
    expect(troubles).toEqual([]);
  });

  test.each([
    ['two one', ['first']],
    ['WS-102', ['third', 'second']],
    ['t1047', ['third', 'second', 'first']],
    ['one three', []],
    ['.*', []],
  ])('find %s by search', async (words, ids) => {
    const { page } = await open(pageWith(ALERTS));
    await page.getByRole('searchbox').fill(words);
    expect(await shown(page)).toEqual(ids);
  });

  test.each([
    ['2025-03-11T09:20', '', ['third', 'second']],
    ['', '2025-03-11T09:20', ['first']],
    ['2025-03-11T09:20', '2025-03-11T09:21', ['second']],
    ['2025-03-11T09:21', '2025-03-11T09:29', []],
  ])('select the time from %s to %s', async (from, to, ids) => {
    const { page } = await open(pageWith(ALERTS));
    await page.locator('input[name=from]').fill(from);
    await page.locator('input[name=to]').fill(to);
    expect(await shown(page)).toEqual(ids);
  });

  test('an alert without a time is shown, last, and in no span of time', async () => {
    const timeless = alertDocument('timeless', { start: 'yesterday' });
    const { page, troubles } = await open(pageWith([timeless, ...ALERTS]));
    expect(await shown(page)).toEqual(['third', 'second', 'first', 'timeless']);
    await page.locator('#timeline summary').click();
    expect(await page.locator('#timeline').innerText()).not.toContain('NaN');
    expect(troubles).toEqual([]);
  });

  test('work several together, and none again', async () => {
    const { page } = await open(pageWith(ALERTS));
    await page.locator('select[name=host]').selectOption('ws-102');
    await page.locator('select[name=user]').selectOption('alice');
    expect(await shown(page)).toEqual(['third']);
    expect(await page.locator('#count').innerText()).toBe('1 of 3 alerts');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    expect(await shown(page)).toEqual(['third', 'second', 'first']);
    expect(await page.locator('#count').innerText()).toBe('3 alerts');
  });

  test('the overview covers the shown alerts only', async () => {
    const { page } = await open(pageWith(ALERTS));
    await page.locator('#hosts summary').click();
    await page.locator('select[name=user]').selectOption('bob');
    expect(await page.locator('#hosts tbody tr').allInnerTexts()).toEqual(['ws-102\t49\t1']);
    expect(await page.locator('#severities').innerText()).toMatch(/^0\s+critical\s+1\s+high\s+0\s+medium\s+0\s+low$/);
  });

  test('a severity, a span of time, a host and a user can be chosen from the overview', async () => {
    const { page } = await open(pageWith(ALERTS));
    await page.locator('#severities button.high').click();
    expect(await shown(page)).toEqual(['second']);
    await page.locator('#clear').click();
    await page.locator('#timeline summary').click();
    await page.getByRole('button', { name: '2025-03-11 09:30–09:31' }).click();
    expect(await shown(page)).toEqual(['third']);
    await page.locator('#clear').click();
    await page.locator('#users summary').click();
    await page.getByRole('button', { name: 'alice' }).click();
    expect(await shown(page)).toEqual(['third', 'first']);
  });

  test('a click on a bar chooses what it stands for', async () => {
    const { page } = await open(pageWith(ALERTS));
    const { width, height } = (await page.locator('#hosts canvas').boundingBox()) ?? { width: 0, height: 0 };
    await page.locator('#hosts canvas').click({ position: { x: width * 0.6, y: height * 0.2 } });
    expect(await page.locator('#only').innerText()).toBe('Only host ws-102');
  });

  test.each([
    ['newest', ['third', 'second', 'first']],
    ['oldest', ['first', 'second', 'third']],
    ['risk', ['second', 'third', 'first']],
  ])('sorted %s first', async (order, ids) => {
    const { page } = await open(pageWith(ALERTS));
    await page.locator('#sort').selectOption(order);
    expect(await shown(page)).toEqual(ids);
  });

  test('Enter in the search field sends nothing', async () => {
    const { page, troubles } = await open(pageWith(ALERTS));
    await page.getByRole('searchbox').fill('one');
    await page.getByRole('searchbox').press('Enter');
    expect(await shown(page)).toEqual(['first']);
    expect(troubles).toEqual([]);
  });
});
