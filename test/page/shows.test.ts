import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { PROGRAM_FOLDER } from '../../src/program';
import { alertDocument, CALL, CHILD, explanationOf, pageWith } from '../support/alerts-page';
import { describeInBrowser } from '../support/browser';

const LINE = 'wmic process call create "notepad.exe"';

const ALERT = alertDocument('a', { commandLine: LINE });

const EXPLAINED = explanationOf(ALERT, {
  met: [
    { field: 'process.name', value: 'WMIC.exe', test: 'is "wmic.exe"', offset: 0, length: 8 },
    { field: 'process.command_line', value: LINE, test: 'contains " process "', offset: 4, length: 9 },
    { field: 'process.command_line', value: LINE, test: 'contains " call "', offset: 12, length: 6 },
    { field: 'process.command_line', value: LINE, test: 'contains "note"', offset: 26, length: 4 },
  ],
  parent: {
    '@timestamp': '2025-03-11T09:00:00.000Z',
    process: { name: 'cmd.exe', pid: 41, command_line: 'cmd.exe /k' },
    user: { id: 'S-1-5-18' },
  },
  children: [{ process: { name: 'conhost.exe', pid: 43, command_line: LINE } }],
  notes: ['The rule was changed since.'],
});

async function openFirst(page: Page): Promise<void> {
  await page.locator('#list summary').first().click();
  await page.locator('#list .details').waitFor();
}

describeInBrowser('the page of alerts', (open) => {
  test('draws everything without an error, a request, or anything its policy forbids', async () => {
    const { page, troubles } = await open(pageWith([alertDocument('a'), alertDocument('b', { rule: CHILD })]));
    await page.locator('#open').click();
    for (const summary of await page.locator('figure summary').all()) await summary.click();
    expect(troubles).toEqual([]);
    expect(await page.locator('#count').innerText()).toBe('2 alerts');
    expect(await page.locator('#about').innerText()).toBe(
      'Namespace default, read 2025-03-12 08:00 UTC by wmi-detections 0.0.0; all times are UTC',
    );
  });

  test('has a policy that lets through its own script and style alone', async () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(pageWith([]))?.[1] ?? '';
    expect(policy.replaceAll(/sha256-[\w+/]{43}=/g, 'sha256-…').split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'sha256-…'",
      "style-src 'sha256-…'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    // The twin: another script, in the same page, is refused and does nothing.
    const html = pageWith([]).replace('</body>', () => `<script>document.title = 'changed'</script></body>`);
    const { page, troubles } = await open(html);
    expect(await page.title()).toBe('Alerts – wmi-detections');
    expect(troubles).toEqual([expect.stringContaining('Content Security Policy')]);
  });

  test('opens no other file and holds no inline handler', () => {
    const shell = readFileSync(join(PROGRAM_FOLDER, 'page/page.html'), 'utf8');
    expect(shell).not.toMatch(/\son\w+=|\sstyle=|https?:/);
  });

  test('shows when the alerts were, by severity', async () => {
    const starts = ['2025-03-11T09:10:10Z', '2025-03-11T09:10:20Z', '2025-03-11T09:12:00Z'];
    const alerts = starts.map((start, index) => alertDocument(start, { start, rule: index === 0 ? CHILD : CALL }));
    const { page } = await open(pageWith(alerts));
    await page.locator('#timeline summary').click();
    expect(await page.locator('#timeline tr').allInnerTexts()).toEqual([
      'Time\tcritical\thigh\tmedium\tlow',
      '2025-03-11 09:10–09:11\t0\t1\t1\t0',
      '2025-03-11 09:11–09:12\t0\t0\t0\t0',
      '2025-03-11 09:12–09:13\t0\t0\t1\t0',
    ]);
    expect(await page.locator('#severities').innerText()).toMatch(/^0\s+critical\s+1\s+high\s+2\s+medium\s+0\s+low$/);
    // Drawn, not only told.
    const painted = `document.querySelector('#timeline canvas').getContext('2d').getImageData(0, 0, 300, 150).data.some((v) => v > 0)`;
    expect(await page.evaluate(painted)).toBe(true);
  });

  test('sums the risk of each host and user, the highest first', async () => {
    const alerts = [
      alertDocument('a', { host: 'ws-101', user: 'alice' }),
      alertDocument('b', { host: 'ws-102', user: 'alice', rule: CHILD }),
      alertDocument('c', { host: 'ws-102', user: 'bob' }),
    ];
    const { page } = await open(pageWith(alerts));
    await page.locator('#hosts summary').click();
    await page.locator('#users summary').click();
    expect(await page.locator('#hosts tbody tr').allInnerTexts()).toEqual(['ws-102\t74\t2', 'ws-101\t25\t1']);
    expect(await page.locator('#users tbody tr').allInnerTexts()).toEqual(['alice\t74\t2', 'bob\t25\t1']);
  });

  test('counts a process once that two sources tell of, as `risk` does, and says so', async () => {
    const { page } = await open(pageWith([alertDocument('a'), alertDocument('b')]));
    await page.locator('#hosts summary').click();
    expect(await page.locator('#hosts tbody tr').allInnerTexts()).toEqual(['ws-101\t25\t2']);
    await page.locator('#open').click();
    expect(await page.locator('#alert-a').getByText('host ws-101 +25').count()).toBe(1);
    expect(
      await page.locator('#alert-b').getByText('host ws-101 +0: the same process was told of before').count(),
    ).toBe(1);
  });

  test('marks what met the rule, and nothing beside it', async () => {
    const { page } = await open(pageWith([ALERT], [EXPLAINED]));
    expect(await page.locator('#list summary code mark').allInnerTexts()).toEqual([' process call ', 'note']);
    await openFirst(page);
    const why = page.locator('.details section').first();
    expect(await why.locator('li').allInnerTexts()).toEqual([
      'process.name is "wmic.exe"',
      'process.command_line contains " process "',
      'process.command_line contains " call "',
      'process.command_line contains "note"',
    ]);
    expect(await why.innerText()).toContain('The rule was changed since.');
    expect(await why.locator('mark').allInnerTexts()).toEqual(['WMIC.exe', ' process call ', 'note']);
  });

  test('shows the processes around the alert, and which one is meant', async () => {
    const { page } = await open(pageWith([ALERT], [EXPLAINED]));
    await openFirst(page);
    expect(await page.locator('.tree > li > .tree > li > .tree > li strong').innerText()).toBe('conhost.exe');
    expect(await page.locator('.process.alerted').innerText()).toBe(
      `WMIC.exe alert pid 42 · alice · 2025-03-11 09:10:00\n${LINE}`,
    );
    expect(await page.locator('.tree > li > .process').first().innerText()).toBe(
      'cmd.exe pid 41 · S-1-5-18 · 2025-03-11 09:00:00 · by pid and time\ncmd.exe /k',
    );
    // The child has the same command line, but is not what the alert is about.
    expect(await page.locator('.process:not(.alerted) mark').count()).toBe(0);
  });

  test('without an explanation shows the process and its parent, as the document has them', async () => {
    const { page } = await open(pageWith([alertDocument('a')]));
    await openFirst(page);
    expect(await page.locator('.tree strong').allInnerTexts()).toEqual(['cmd.exe', 'WMIC.exe']);
    expect(await page.locator('.process .soft').allInnerTexts()).toEqual([
      ' pid 41 · as its child tells',
      ' pid 42 · alice · 2025-03-11 09:10:00',
    ]);
    expect(await page.locator('#list mark').count()).toBe(0);
  });

  test('shows the technique, the triage note and the references', async () => {
    const { page } = await open(pageWith([alertDocument('a', { rule: CHILD }), alertDocument('b')]));
    await page.locator('#open').click();
    const [child, call] = [page.locator('#alert-a'), page.locator('#alert-b')];
    expect(
      await child.getByRole('link', { name: 'T1047 Windows Management Instrumentation' }).getAttribute('href'),
    ).toBe('https://attack.mitre.org/techniques/T1047/');
    expect(await child.locator('section', { hasText: 'What to do' }).innerText()).toContain(CHILD.triage);
    expect(await call.locator('section', { hasText: 'What to do' }).innerText()).toContain('no triage note');
    expect(await call.locator('section', { hasText: 'References' }).locator('a').allInnerTexts()).toEqual(
      CALL.references,
    );
    expect(await call.locator('section', { hasText: 'False positives' }).innerText()).toContain(CALL.falsePositives[0]);
  });

  test('opens the alert that its address names', async () => {
    const { page } = await open(pageWith([alertDocument('a'), alertDocument('b')]));
    await page.evaluate(`location.hash = '#alert-b'`);
    await page.locator('#alert-b .details').waitFor();
    expect(await page.locator('#alert-a .details').count()).toBe(0);
  });

  test('reports an empty list', async () => {
    const { page, troubles } = await open(pageWith([]));
    expect(await page.locator('#count').innerText()).toBe('0 alerts');
    expect(troubles).toEqual([]);
  });
});
