import { localDeployment } from '../support/deployment';
import { alertsPage } from '../../src/commands/alert-actions';
import type { AlertsPage, ProcessNode } from '../../src/report/alerts-page';
import { cli } from '../support/cli';
import { quiet } from '../support/context';
import { ruleOf } from '../support/rule';
import { dataset, sharedDataset, wmiChild, type Dataset } from '../support/dataset';

const HOSTILE = 'cmd.exe /c "</script><script>alert(1)</script>"';

const family = sharedDataset(makeFamily);

/** WmiPrvSE.exe (612), what it starts twice (4711), and what the one of them starts (99). */
async function makeFamily(): Promise<Dataset> {
  const here = await dataset();
  const at = (minute: number): object => ({ '@timestamp': `2025-03-10T11:${minute}:00.000Z` });
  const wmi = { 'process.name': 'WmiPrvSE.exe', 'process.pid': 612, 'process.parent.name': 'svchost.exe' };
  const own = { 'process.name': 'cmd.exe', 'process.command_line': HOSTILE, ...at(50) };
  const child = { 'process.name': 'whoami.exe', 'process.pid': 99, 'process.parent.pid': 4711 };
  await here.index([
    wmiChild('parent', { ...wmi, ...at(40) }),
    wmiChild('own', own),
    wmiChild('child', { ...child, 'process.parent.name': 'cmd.exe', ...at(51) }),
  ]);
  await here.run();
  return here;
}

function names(tree: readonly ProcessNode[]): unknown[] {
  return tree.map(({ name, alerted, children }) => [alerted ? `${name}!` : name, ...names(children)]);
}

test('alerts page: the page has the matches, the related processes, the triage note and the risk objects', async () => {
  const here = family();
  const { condition } = ruleOf('a:\n  process.parent.name: WmiPrvSE.exe\ncondition: a');
  const rule = { ...here.rule, condition, triage: 'Ask who did it.' };
  const deployment = localDeployment({ cluster: here.cluster, namespace: here.namespace });
  const page = await alertsPage(quiet(), deployment, [rule], await here.alerts());
  expect(page.rules.map(({ triage }) => triage)).toEqual(['Ask who did it.']);
  expect(page.alerts.map(({ process, met, tree, notes }) => ({ process, met, tree: names(tree), notes }))).toEqual([
    {
      process: HOSTILE,
      met: [{ field: 'process.parent.name', test: 'is "WmiPrvSE.exe"', value: 'WmiPrvSE.exe', offset: 0, length: 12 }],
      tree: [['WmiPrvSE.exe', ['cmd.exe!', ['whoami.exe']]]],
      notes: [],
    },
  ]);
  expect(page.alerts[0]?.risk).toContainEqual({ type: 'host', value: 'ws01.example.test', added: 49, why: null });
});

test('alerts page: alerts --output html prints one page with the events as JSON', async () => {
  const here = family();
  const where = ['--es-url', here.cluster.url, '--namespace', here.namespace, '--scheduler', 'local'];
  const { status, stdout, stderr } = await cli(['alerts', '--output', 'html', ...where]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^<!doctype html>\n.*<\/html>\n+$/s);
  expect(stdout).not.toContain('alert(1)</script>');
  const [, data = ''] = /id="data">(.*?)<\/script>/s.exec(stdout) ?? [];
  expect((JSON.parse(data) as AlertsPage).alerts.map(({ process }) => process)).toEqual([HOSTILE]);
});

test('alerts page: alerts --output html prints a page without alerts, too', async () => {
  const here = await dataset();
  const where = ['--es-url', here.cluster.url, '--namespace', here.namespace, '--scheduler', 'local'];
  const { status, stdout } = await cli(['alerts', '--output', 'html', ...where]);
  expect(status).toBe(0);
  expect(stdout).toContain('"alerts":[]');
});
