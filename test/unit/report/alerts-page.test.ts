import type { AlertsPage } from '../../../src/report/alerts-page';
import { alertDocument, CHILD, explanationOf, pageWith } from '../../support/alerts-page';

/** The text of the data in a page, and what it says. */
function dataOf(html: string): { text: string; page: AlertsPage } {
  const [, text = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return { text, page: JSON.parse(text) as AlertsPage };
}

describe('the data in the page of alerts', () => {
  test.each(['</script>', '<!--', '&lt;', '\u2028\u2029', "$& $' $`", '\ud83d'])('%j is said without it', (hostile) => {
    const { text, page } = dataOf(pageWith([alertDocument('a', { commandLine: hostile })]));
    expect(text).not.toMatch(/[<>&\u2028\u2029]/);
    expect(page.alerts[0]?.process).toBe(hostile);
  });

  test('has a rule once for all alerts of a version', () => {
    const version = { ...(alertDocument('d').rule as object), version: '99' };
    const { page } = dataOf(
      pageWith([
        alertDocument('a'),
        alertDocument('b', { rule: CHILD }),
        alertDocument('c'),
        alertDocument('d', { more: { rule: version } }),
      ]),
    );
    expect(page.rules.map(({ name, version: of }) => `${name} ${of}`)).toEqual([
      'Windows WMI Process Call Create 3',
      'Process Execution via WMI 4',
      'Windows WMI Process Call Create 99',
    ]);
    expect(page.alerts.map(({ rule }) => rule)).toEqual([0, 1, 0, 2]);
  });

  test('has the triage note of the rule as it is now, and none of a rule that is gone', () => {
    const gone = { uuid: 'gone', name: 'Gone' };
    const { page } = dataOf(
      pageWith([alertDocument('a', { rule: CHILD }), alertDocument('b', { more: { rule: gone } })]),
    );
    expect(page.rules.map(({ triage }) => triage)).toEqual([CHILD.triage, null]);
  });

  test('has the best name of host, user and process that the alert holds', () => {
    const more = { host: { id: 'h1' }, user: { id: 'S-1-5-18' }, process: { name: 'WMIC.exe', pid: [1, 2] } };
    const { page } = dataOf(pageWith([alertDocument('a', { more })]));
    expect(page.alerts[0]).toMatchObject({ host: 'h1', user: 'S-1-5-18', process: 'WMIC.exe' });
  });

  test('has around a process what was found around that one, also where the rule holds of another event only', () => {
    const alert = alertDocument('a');
    const explanation = explanationOf(alert, { children: [{ process: { name: 'conhost.exe' } }] });
    const met = [{ field: 'process.pid', test: 'is 7', value: '7', offset: 0, length: 1 }];
    const later = { _index: 'events', _id: 'f', _source: { process: { pid: 7 } }, met };
    const { page } = dataOf(pageWith([alert], [{ ...explanation, events: [...explanation.events, later] }]));
    const [shown] = page.alerts;
    expect(shown?.met).toEqual(met);
    expect(shown?.tree).toMatchObject([
      { children: [{ pid: 42, alerted: true, children: [{ name: 'conhost.exe' }] }] },
    ]);
  });

  test('has every other field of the document under its ECS name', () => {
    const more = { host: { ip: ['10.0.0.1', '10.0.0.2'], os: null, cpu: { usage: 0.5 } } };
    const { page } = dataOf(pageWith([alertDocument('a', { more })]));
    const fields = page.alerts[0]?.fields.filter(([field]) => /^(host|rule|threat|_id)/.test(field));
    expect(fields).toEqual([
      ['host.ip', '10.0.0.1, 10.0.0.2'],
      ['host.cpu.usage', '0.5'],
    ]);
  });
});
