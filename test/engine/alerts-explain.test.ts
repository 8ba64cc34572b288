import { localDeployment } from '../support/deployment';
import type { Rule } from '../../src/detections/rule';
import { explain, type Explanation } from '../../src/alerts/explain';
import { explainText } from '../../src/report/explain-text';
import { request } from '../support/request';
import { dataset, SYSMON, wmiChild, type Event, type Dataset } from '../support/dataset';
import { ruleOf } from '../support/rule';

const CHILD =
  'a:\n  process.parent.name: WmiPrvSE.exe\nb:\n  process.command_line|contains: " /c "\ncondition: a and b';

/** The rule of the data set as a file says it, with what an analyst is to do. */
function ruleIn(here: Dataset, changes: Partial<Rule> = {}): Rule {
  const { condition } = ruleOf(CHILD);
  return { ...here.rule, condition, triage: 'Ask who did it.', falsePositives: ['Administrators.'], ...changes };
}

/** WmiPrvSE.exe (612), what it starts (4711), and what that starts. */
function family(change: (pid: number) => object = () => ({})): Event[] {
  const at = (time: string): object => ({ '@timestamp': `2025-03-10T${time}:00.000Z` });
  const wmi = { 'process.name': 'WmiPrvSE.exe', 'process.pid': 612, 'process.parent.pid': 4 };
  const own = { 'process.name': 'cmd.exe', 'process.command_line': 'cmd.exe /c whoami' };
  const child = { 'process.name': 'whoami.exe', 'process.pid': 99, 'process.parent.pid': 4711 };
  return [
    wmiChild('parent', { ...wmi, 'process.parent.name': 'svchost.exe', ...at('09:00'), ...change(612) }),
    wmiChild('own', { ...own, ...change(4711) }),
    wmiChild('child', { ...child, 'process.parent.name': 'cmd.exe', ...at('11:51'), ...change(99) }),
  ];
}

async function explained(here: Dataset, rule = ruleIn(here), start = ''): Promise<Explanation> {
  const deployment = localDeployment({ cluster: here.cluster, namespace: here.namespace });
  const [alert] = await here.alerts();
  return explain(deployment, [rule], [start === '' ? (alert?._id ?? '').slice(0, 12) : start]);
}

const ids = ({ around: { parent, children } }: Explanation): unknown => [
  parent?._id ?? null,
  children.map(({ _id }) => _id),
];

const plain = (text: string): string => text.replace(/[0-9a-f]{64}/, '<id>').replaceAll(/\.ds-[^)]*/g, '<index>');

describe('alerts explain', () => {
  test('shows events, the matching part of each field, parent and child, triage note and references', async () => {
    const here = await dataset();
    await here.index(family());
    await here.run();
    const found = await explained(here);
    expect(found.events.map(({ _id, met }) => [_id, met])).toEqual([
      [
        'own',
        [
          { field: 'process.parent.name', test: 'is "WmiPrvSE.exe"', value: 'WmiPrvSE.exe', offset: 0, length: 12 },
          { field: 'process.command_line', test: 'contains " /c "', value: 'cmd.exe /c whoami', offset: 7, length: 4 },
        ],
      ],
    ]);
    expect(ids(found)).toEqual(['parent', ['child']]);
    expect(found.gone).toEqual([]);
    expect(plain(explainText(found, 100))).toMatchInlineSnapshot(`
     "Children of WmiPrvSE (version 4): risk 49, high; open
     <id>
     a child of WmiPrvSE.exe on ws01.example.test
     2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.000Z, 1 event, ATT&CK T1047

     Events
       2025-03-10T11:50:00.000Z  ws01.example.test  alice  (<index>)
         process.parent.name is "WmiPrvSE.exe"
           WmiPrvSE.exe
           ^^^^^^^^^^^^
         process.command_line contains " /c "
           cmd.exe /c whoami
                  ^^^^

     Around it
       parent  2025-03-10T09:00:00.000Z  612  WmiPrvSE.exe (by pid and time)  notepad.exe
       this    2025-03-10T11:50:00.000Z  4711  cmd.exe  cmd.exe /c whoami
       child   2025-03-10T11:51:00.000Z  99  whoami.exe (by pid and time)  notepad.exe

     What to do
       Ask who did it.

     It may be harmless
       Administrators.

     References
       https://attack.mitre.org/techniques/T1047/"
    `);
  });

  test('a process with the same number on another host, at another time or of another program is not a relative', async () => {
    const here = await dataset();
    const other = 'ws02.example.test';
    const wmi = { 'process.name': 'WmiPrvSE.exe', 'process.pid': 612, 'process.parent.name': 'svchost.exe' };
    const child = { 'process.parent.name': 'cmd.exe', 'process.parent.pid': 4711 };
    const at = (time: string): object => ({ '@timestamp': `2025-03-10T${time}:00.000Z` });
    await here.index([
      ...family(),
      wmiChild('elsewhere', { ...wmi, 'host.name': other, ...at('10:00') }),
      wmiChild('later parent', { ...wmi, ...at('11:55') }),
      wmiChild('other program', { ...wmi, 'process.name': 'calc.exe', ...at('10:30') }),
      wmiChild('child elsewhere', { ...child, 'process.pid': 5, 'host.name': other, ...at('11:52') }),
      wmiChild('child before', { ...child, 'process.pid': 6, ...at('11:40') }),
      wmiChild('child of another', { ...child, 'process.parent.name': 'calc.exe', 'process.pid': 7, ...at('11:53') }),
      wmiChild('next of that number', { 'process.parent.name': 'x.exe', 'process.name': 'cmd.exe', ...at('11:58') }),
      wmiChild('child of the next', { ...child, 'process.pid': 8, ...at('11:59') }),
    ]);
    await here.run();
    expect(ids(await explained(here, ruleIn(here), await idOf(here, 4711)))).toEqual(['parent', ['child']]);
  });

  test('relatives are found by entity id, or by number if the parent has no entity id', async () => {
    const here = await dataset();
    const guids: Record<number, object> = {
      612: { 'process.entity_id': '{w}', 'process.pid': 1 },
      4711: { 'process.entity_id': '{own}', 'process.parent.entity_id': '{w}' },
      99: { 'process.entity_id': '{c}', 'process.parent.entity_id': '{own}', 'process.parent.pid': 2 },
    };
    await here.index(family((pid) => guids[pid] ?? {}));
    await here.run();
    const found = await explained(here);
    expect(ids(found)).toEqual(['parent', ['child']]);
    expect(found.around.parent?.by).toBe('entity_id');
    const without = await dataset();
    await without.index(family((pid) => (pid === 4711 ? { 'process.parent.entity_id': '{not recorded}' } : {})));
    await without.run();
    const byNumber = await explained(without);
    expect(ids(byNumber)).toEqual(['parent', ['child']]);
    expect(byNumber.around.parent?.by).toBe('pid');
  });

  test('events deleted by retention are reported, and the alert still names its process', async () => {
    const here = await dataset();
    await here.index(family());
    await here.run();
    const { cluster, namespace } = here;
    const away = { method: 'POST', query: { refresh: true }, body: { query: { ids: { values: ['own'] } } } } as const;
    await request(cluster, { ...away, path: `/${SYSMON}-${namespace}/_delete_by_query` });
    const partly = await explained(here);
    expect([partly.events, partly.gone.map(({ id }) => id)]).toEqual([[], ['own']]);
    expect(ids(partly)).toEqual(['parent', ['child']]);
    await request(cluster, { method: 'DELETE', path: `/_data_stream/${SYSMON}-${namespace}` });
    const wholly = await explained(here);
    expect(wholly.gone.map(({ id }) => id)).toEqual(['own']);
    expect(plain(explainText(wholly, 100))).toMatchInlineSnapshot(`
     "Children of WmiPrvSE (version 4): risk 49, high; open
     <id>
     a child of WmiPrvSE.exe on ws01.example.test
     2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.000Z, 1 event, ATT&CK T1047

     Events
       1 event is not there any more

     Around it
       parent  -  612  - (as its child tells)  C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding
       this    2025-03-10T11:50:00.000Z  4711  cmd.exe  cmd.exe /c whoami
       child   none is there

     What to do
       Ask who did it.

     It may be harmless
       Administrators.

     References
       https://attack.mitre.org/techniques/T1047/"
    `);
  });

  test('an older, a changed and a missing rule are reported', async () => {
    const here = await dataset();
    await here.index(family());
    await here.run();
    const changed = await explained(
      here,
      ruleIn(here, { version: 5, condition: ruleOf(CHILD.replace('/c', '/k')).condition }),
    );
    expect(changed.notes).toMatchInlineSnapshot(`
     [
       "The alert is of version 4 of the rule; what is said of conditions is by version 5.",
       "The rule as it is here does not hold of every event: it was changed since.",
     ]
    `);
    expect(changed.events.map(({ met }) => met)).toEqual([null]);
    const unknown = await explained(here, ruleIn(here, { uuid: 'another' }));
    expect(unknown.rule).toBeNull();
    expect(unknown.notes).toMatchInlineSnapshot(`
     [
       "The rule is not in the content here: name what it was deployed from with --content.",
     ]
    `);
  });

  test('an event cannot control the terminal, and a long value is cut around the match', async () => {
    const here = await dataset();
    const line = `cmd.exe ${'x'.repeat(5_000)} /c \u001b[2J${'y'.repeat(5_000)}`;
    await here.index(family((pid) => (pid === 4711 ? { 'process.command_line': line } : {})));
    await here.run();
    const text = explainText(await explained(here), 80);
    expect(text).not.toContain('\u001b');
    const shown = text.split('\n');
    const at = shown.findIndex((each) => each.includes(' /c '));
    const pointer = shown.find((each) => /^ {6,}\^{4}$/.test(each)) ?? '';
    const cut = shown.find((each) => each.includes('x /c \\u{1b}[2J')) ?? '';
    expect(at).toBeGreaterThan(0);
    expect(cut.slice(pointer.indexOf('^'), pointer.length)).toBe(' /c ');
    expect(shown.filter((each) => each.length > 80 && !each.includes('.ds-'))).toEqual([]);
  });

  test('rejects any number of alerts but one', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { 'process.pid': 1 }), wmiChild('b', { 'process.pid': 2 })]);
    await here.run();
    const all = (await here.alerts()).map(({ _id }) => _id);
    const deployment = localDeployment({ cluster: here.cluster, namespace: here.namespace });
    for (const words of [all, [], ['feedbeef']]) {
      await expect(explain(deployment, [], words)).rejects.toMatchObject({ code: 'USAGE' });
    }
    // The twin: one of them alone is explained.
    expect((await explain(deployment, [], all.slice(0, 1))).alert._id).toBe(all[0]);
  });
});

/** The alert of the process with that number. */
async function idOf(here: Dataset, pid: number): Promise<string> {
  const found = (await here.alerts()).filter(({ process }) => {
    const { pid: own, command_line: line } = process as { pid: number; command_line: string };
    return own === pid && line.includes('/c');
  });
  return found[0]?._id ?? '';
}
