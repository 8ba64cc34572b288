import { riskCsv, riskText } from '../../../src/report/risk-text';
import type { Alert } from '../../../src/schedulers/alert-index-search';
import { entitiesAtRisk, type RiskEntity, type RiskOptions } from '../../../src/alerts/risk';

interface Change {
  readonly time?: string;
  readonly rule?: string;
  readonly pid?: number | null;
  readonly host?: string | null;
  readonly user?: string | null;
  readonly status?: string;
  readonly score?: number;
}

let count = 0;

/** An alert of rule A about pid 7 on ws01 by alice. */
function alert(change: Change = {}): Alert {
  const { time = '2025-03-10T08:00:00.000Z', rule = 'A', pid = 7, host = 'ws01', user = 'alice' } = change;
  const { status = 'open', score = 49 } = change;
  count += 1;
  return {
    _id: `id${count}`,
    event: { start: time },
    rule: { uuid: rule, name: `Rule ${rule}` },
    ...(pid !== null && { process: { pid } }),
    wmi_detections: {
      status,
      risk_objects: [
        ...(host === null ? [] : [{ type: 'host', value: host, score }]),
        ...(user === null ? [] : [{ type: 'user', value: user, score }]),
      ],
    },
  };
}

const at = (time: string): Change => ({ time: `2025-03-10T${time}Z` });

/** `host ws01 49` of each entity, the riskiest first. */
function scores(alerts: readonly Alert[], options: RiskOptions = { cap: 0 }): string[] {
  return entitiesAtRisk(alerts, options).map(({ type, value, score }) => `${type} ${value} ${score}`);
}

/** Why each alert of the first entity does not count. */
const whys = ([first]: readonly RiskEntity[]): unknown[] => first?.alerts.map(({ why }) => why) ?? [];

describe('risk', () => {
  test('an alert adds its risk to each of its objects once', () => {
    expect(scores([alert()])).toEqual(['host ws01 49', 'user alice 49']);
    const twice = alert();
    const { risk_objects: objects } = twice.wmi_detections as { risk_objects: unknown[] };
    objects.push(...objects);
    expect(scores([twice])).toEqual(['host ws01 49', 'user alice 49']);
  });

  test('the same process from two sources counts once', () => {
    const [sysmon, security] = [alert(at('08:00:00.900')), alert(at('08:00:01.100'))];
    expect(scores([security, sysmon])).toEqual(['host ws01 49', 'user alice 49']);
    expect(whys(entitiesAtRisk([security, sysmon], { cap: 0 }))).toEqual([null, 'repeat']);
    // Also where the full minute lies between them.
    expect(scores([alert(at('08:00:59.900')), alert(at('08:01:00.100'))])).toEqual(['host ws01 49', 'user alice 49']);
  });

  test.each<[string, Change, string[]]>([
    ['a minute', at('08:01:00.000'), ['host ws01 98', 'user alice 98']],
    ['another pid', { pid: 8 }, ['host ws01 98', 'user alice 98']],
    ['no pid', { pid: null }, ['host ws01 98', 'user alice 98']],
    ['another rule', { rule: 'B', score: 25 }, ['host ws01 74', 'user alice 74']],
    ['another host', { host: 'ws02' }, ['host ws01 49', 'host ws02 49', 'user alice 49']],
    ['another user', { user: 'bob' }, ['host ws01 49', 'user alice 49', 'user bob 49']],
  ])('its twin, %s apart, counts separately', (_, change, expected) => {
    expect(scores([alert(), alert(change)])).toEqual(expected);
  });

  test('alerts without a pid are no repeats of each other', () => {
    expect(scores([alert({ pid: null }), alert({ pid: null })])).toEqual(['host ws01 98', 'user alice 98']);
  });

  test('a rule that repeats itself counts up to the cap; another rule counts on', () => {
    const five = [1, 2, 3, 4, 5].map((pid) => alert({ pid, user: null, ...at(`08:0${pid}:00.000`) }));
    expect(scores(five, { cap: 0 })).toEqual(['host ws01 245']);
    expect(scores(five, { cap: 3 })).toEqual(['host ws01 147']);
    expect(whys(entitiesAtRisk(five, { cap: 3 }))).toEqual([null, null, null, 'cap', 'cap']);
    expect(scores([...five, alert({ rule: 'B', score: 25, user: null })], { cap: 3 })).toEqual(['host ws01 172']);
    // A repeat uses up nothing of the cap.
    expect(scores([alert(), alert(), alert({ pid: 8 })], { cap: 2 })).toEqual(['host ws01 98', 'user alice 98']);
  });

  test('case of names does not matter; what is another name does', () => {
    const spelt = [alert(), alert({ pid: 8, host: 'WS01', user: 'Alice' })];
    expect(scores(spelt)).toEqual(['host ws01 98', 'user alice 98']);
    const other = alert({ pid: 8, host: 'ws01.example.test', user: 'alice2' });
    expect(scores([alert(), other])).toHaveLength(4);
    // A user is no host of the same name.
    expect(scores([alert({ host: 'same', user: 'same' })])).toEqual(['host same 49', 'user same 49']);
  });

  test('an absent value makes no object', () => {
    expect(scores([alert({ host: null })])).toEqual(['user alice 49']);
    expect(scores([alert({ host: '', user: null })])).toEqual([]);
    expect(riskText([])).toMatchInlineSnapshot(`"Nobody is at risk: no alert of that time names a user or a host."`);
  });

  test('closed alerts count only on request; acknowledged alerts count', () => {
    const closed = [alert({ status: 'closed', user: null }), alert({ pid: 8, status: 'acknowledged', user: null })];
    expect(scores(closed)).toEqual(['host ws01 49']);
    expect(whys(entitiesAtRisk(closed, { cap: 0 }))).toEqual(['closed', null]);
    expect(scores(closed, { cap: 0, withClosed: true })).toEqual(['host ws01 98']);
    // One that is closed does not stand in for its open twin.
    expect(scores([alert({ status: 'closed', user: null }), alert({ user: null })])).toEqual(['host ws01 49']);
  });

  test('lists more entities than a call takes arguments', () => {
    const [entity] = entitiesAtRisk([alert({ user: null })], { cap: 0 });
    if (entity === undefined) throw new Error('no entity');
    const text = riskText(Array.from({ length: 200_000 }, () => ({ ...entity, alerts: [] })));
    expect(text.split('\n')).toHaveLength(200_000);
  });

  test('as text and as CSV, harmless to terminals and spreadsheets', () => {
    count = 0;
    const alerts = [alert({ host: '=ws\u001b[2J', user: null }), alert({ host: '=WS\u001b[2J', user: null })];
    const entities = entitiesAtRisk(alerts, { cap: 3 });
    expect(riskText(entities)).toMatchInlineSnapshot(`
     "49  host =ws\\u{1b}[2J: 2 alerts, 1 counted
           id1  2025-03-10T08:00:00.000Z  +49  Rule A
           id2  2025-03-10T08:00:00.000Z  +0  Rule A  (the same process again)"
    `);
    expect(riskCsv(entities).split('\r\n')[1]).toContain("host,'=ws");
    expect(riskText(entities)).not.toContain('\u001b');
  });
});
