import type { Explanation } from '../../src/alerts/explain';
import type { Alert } from '../../src/schedulers/alert-index-search';
import { alertDocument, CALL, explanationOf, pageWith } from '../support/alerts-page';
import { describeInBrowser } from '../support/browser';

/** What an attacker may write into a command line, a file's name, a host's or a user's; all of it must stay text. */
const HOSTILE: readonly [what: string, text: string, shown?: string][] = [
  ['a script', '<script>alert(1)</script>'],
  ['the end of a script', '</script><script>alert(1)</script>'],
  ['the end of a script, in capitals and with a blank', '</SCRIPT ><img src=x onerror=alert(1)>'],
  ['a comment that begins in a script', '<!--<script>'],
  ['a CDATA section', ']]><svg/onload=alert(1)><![CDATA['],
  ['an image', '"><img src=x onerror=alert(1)>'],
  ['the end of an attribute', `' onmouseover='alert(1)' x="`],
  ['entities', '&lt;b&gt; &#x3c;script&#x3e;'],
  ['a style', '</style><style>*{display:none}</style>'],
  ['a template', '{{constructor.constructor("alert(1)")()}} ${alert(1)} <%= 7*7 %> #{7*7}'],
  ['an address that runs', 'javascript:alert(1)'],
  ['patterns of replace', "$& $` $' $1 $$"],
  ['line separators of JavaScript', 'a\u2028alert(1)\u2029b', 'a\\u{2028}alert(1)\\u{2029}b'],
  ['marks that turn the text around', 'cmd \u202egnp.exe\u202c\u2066', 'cmd \\u{202e}gnp.exe\\u{202c}\\u{2066}'],
  ['an invisible character', 'net\u200buser', 'net\\u{200b}user'],
  ['escapes of a terminal', '\u001b]0;x\u0007', '\\u{1b}]0;x\\u{7}'],
  ['half a character', 'a\ud83d b', 'a\\u{d83d} b'],
  ['a name of every object', '__proto__ constructor toString'],
  ['JSON', '"},{"id":"x"}]}'],
];

function everywhere(text: string): Alert {
  return alertDocument(text, {
    host: text,
    user: text,
    status: text,
    commandLine: text,
    more: {
      message: text,
      process: { name: text, pid: 7, command_line: text },
      rule: { uuid: text, name: text, version: text, description: text, reference: [text, `javascript:${text}`] },
      threat: { technique: { id: [text], name: [text], reference: [`javascript:alert('${text}')`] } },
      [text]: { [text]: text },
    },
  });
}

function explained(alert: Alert, text: string): Explanation {
  const met = [{ field: text, value: text, test: text, offset: 1, length: 2 }];
  return explanationOf(alert, { met, parent: alert, children: [alert], notes: [text] });
}

/** What the page has of its own that could run, load or hide something: counted in an open alert without any harm. */
const DANGEROUS = 'script, style, img, svg, iframe, object, embed, link, base, form, [style], [onmouseover], [onerror]';

describeInBrowser('hostile text in the page', (open) => {
  let harmless: number;
  beforeAll(async () => {
    const alert = everywhere('harmless');
    const { page } = await open(pageWith([alert], [explained(alert, 'harmless')]));
    await page.locator('#open').click();
    harmless = await page.locator(DANGEROUS).count();
  });

  const cases = HOSTILE.map(([what, text, shown = text]) => ({ what, text, shown }));
  test.each(cases)('is harmless: $what', async ({ text, shown }) => {
    const alert = everywhere(text);
    const { page, troubles } = await open(pageWith([alert, alertDocument('b')], [explained(alert, text)]));
    await page.locator('#open').click();
    for (const summary of await page.locator('figure summary, .fields summary').all()) await summary.click();
    expect(troubles).toEqual([]);
    expect(await page.locator(DANGEROUS).count()).toBe(harmless);
    // It is there to be read, wherever it stands.
    const row = page.locator('#list > li').first();
    for (const place of ['summary code', '.rule', '.process strong', '.process code', 'dt >> nth=-1', 'dd >> nth=-1']) {
      expect(await row.locator(place).first().textContent()).toContain(shown);
    }
    expect(await page.locator('select[name=host] option').allTextContents()).toContain(shown);
    // It can be chosen and searched like any other.
    await page.locator('select[name=user]').selectOption({ label: shown });
    expect(await page.locator('#list > li:visible').count()).toBe(1);
  });

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,<script>',
    'file:///etc/passwd',
    '//x',
    '',
  ])('a reference %p is no link', async (reference) => {
    const { page } = await open(
      pageWith([alertDocument('a', { more: { rule: { name: 'x', reference: [reference] } } })]),
    );
    await page.locator('#open').click();
    expect(await page.locator('.details a').count()).toBe(1);
    expect(await page.locator('.details a').getAttribute('href')).toBe('https://attack.mitre.org/techniques/T1047/');
  });

  test('a web address is a link without a referrer', async () => {
    const { page } = await open(pageWith([alertDocument('a')]));
    await page.locator('#open').click();
    const link = page.locator('.details a').last();
    expect(await link.getAttribute('href')).toBe(CALL.references.at(-1));
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
  });

  test('a command line of any length is cut in the list and whole below, its marks in place', async () => {
    const text = `${'💥'.repeat(200)} call ${'x'.repeat(32_000)}`;
    const alert = alertDocument('a', { commandLine: text });
    const met = [{ field: 'process.command_line', value: text, test: 'contains " call "', offset: 400, length: 6 }];
    const { page } = await open(pageWith([alert], [explanationOf(alert, { met })]));
    expect(await page.locator('#list summary code').innerText()).toBe(`${'💥'.repeat(150)}…`);
    await page.locator('#open').click();
    expect(await page.locator('.details code').first().innerText()).toBe(text);
    expect(await page.locator('.details code mark').first().innerText()).toBe(' call ');
  });
});
