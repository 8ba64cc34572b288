import type { Rule } from '../../src/detections/rule';
import {
  deployKibana,
  OTHER_TYPE,
  planKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { actions } from '../support/deployment';
import { contentWith, manyRules, rule, uuidOf } from '../support/content';
import type { Thing } from '../support/kibana-state';

const server = kibanaOfEachTest();

const MAIL = { action_type_id: '.email', id: 'mail', params: { to: ['soc@example.com'], message: 'Look.' } };
const CHAT = { action_type_id: '.slack', id: 'chat', params: { message: 'Look.' } };
const HOURLY = { summary: false, notifyWhen: 'onThrottleInterval' as const, throttle: '1h' };

function declaring(kibana: Partial<Rule['kibana']>): Rule {
  return rule({ kibana });
}

function stored(uuid = rule().uuid): Thing {
  return server().space().rules.get(uuid) ?? {};
}

/** What an analyst changes in Kibana. */
function edit(changes: Thing): void {
  server()
    .space()
    .rules.set(rule().uuid, { ...stored(), ...changes });
}

/** The lines of a plan's differences that are added or taken away. */
async function changed(declared: Rule): Promise<string[]> {
  const { steps } = await planKibana(await kibanaDeployment(server()), contentWith([declared]));
  const lines = steps.flatMap(({ change }) => change.diff.split('\n'));
  return lines.filter((line) => /^[-+](?![-+]{2})/.test(line));
}

async function deployed(declared: Rule): Promise<void> {
  const applied = await deployKibana(await kibanaDeployment(server()), contentWith([declared]));
  expect(applied.problems).toEqual([]);
}

describeContract('what a rule file declares of Kibana', () => {
  test('enabled follows the file if the file sets it, else the analyst', async () => {
    await deployed(declaring({ enabled: false }));
    expect(stored().enabled).toBe(false);
    edit({ enabled: true });
    expect(await changed(declaring({}))).toEqual([]);
    expect(await changed(declaring({ enabled: false }))).toMatchInlineSnapshot(`
     [
       "-    enabled: true",
       "+    enabled: false",
     ]
    `);
    await deployed(declaring({ enabled: false }));
    expect(stored().enabled).toBe(false);

    edit({ enabled: true });
    await deployed(rule({ version: 9 }));
    expect(stored()).toMatchObject({ enabled: true, version: 9 });
  });

  test('actions follow the file if the file sets them, else the analyst', async () => {
    await deployed(declaring({ actions: [MAIL] }));
    expect(stored().actions).toEqual([MAIL]);
    edit({ actions: [{ ...MAIL, params: { ...MAIL.params, message: 'Quiet.' } }, CHAT] });
    expect(await changed(declaring({}))).toEqual([]);
    expect(await changed(declaring({ actions: [MAIL] }))).toMatchInlineSnapshot(`
     [
       "-          message: Quiet.",
       "+          message: Look.",
       "-      - action_type_id: .slack",
       "-        id: chat",
       "-        params:",
       "-          message: Look.",
     ]
    `);
    await deployed(declaring({ actions: [MAIL] }));
    expect(stored().actions).toEqual([MAIL]);

    edit({ actions: [CHAT] });
    await deployed(rule({ version: 9 }));
    expect(stored()).toMatchObject({ actions: [CHAT], version: 9 });
  });

  test('no actions, declared, takes away those that an analyst added', async () => {
    await deployed(declaring({}));
    edit({ actions: [MAIL] });
    await deployed(declaring({ actions: [] }));
    expect(stored().actions).toEqual([]);
    expect(await changed(declaring({ actions: [] }))).toEqual([]);
  });

  test('fields that Kibana adds to an action are not a difference, and an update keeps them', async () => {
    await deployed(declaring({ actions: [MAIL, CHAT, { ...CHAT, frequency: HOURLY }] }));
    const added = {
      uuid: uuidOf(1),
      group: 'default',
      frequency: { summary: true, notifyWhen: 'onActiveAlert', throttle: null },
    };
    const normalised = [
      { ...added, ...MAIL },
      { ...added, ...CHAT, uuid: uuidOf(2) },
      { ...added, ...CHAT, uuid: uuidOf(3), frequency: HOURLY },
    ];
    edit({ actions: normalised });
    const same = declaring({ actions: [MAIL, CHAT, { ...CHAT, frequency: HOURLY }] });
    expect(await changed(same)).toEqual([]);
    await deployed({ ...same, version: 9 });
    expect(stored()).toMatchObject({ version: 9, actions: normalised });
  });

  test('each field of an action follows the file if the file sets it, else the analyst', async () => {
    await deployed(declaring({ actions: [MAIL, { ...CHAT, frequency: HOURLY }] }));
    const filter = { query: { kql: 'host.name: dc-1', filters: [] } };
    const rarely = { ...HOURLY, throttle: '1d' };
    edit({
      actions: [
        { ...MAIL, alerts_filter: filter, frequency: rarely },
        { ...CHAT, frequency: rarely },
      ],
    });
    const declared = declaring({ actions: [MAIL, { ...CHAT, frequency: HOURLY }] });
    expect(await changed(declared)).toMatchInlineSnapshot(`
     [
       "-          throttle: 1d",
       "+          throttle: 1h",
     ]
    `);
    await deployed(declared);
    expect(stored().actions).toEqual([
      { ...MAIL, alerts_filter: filter, frequency: rarely },
      { ...CHAT, frequency: HOURLY },
    ]);
  });

  test('a rule recreated with another type has the declared values', async () => {
    await deployed(declaring({}));
    edit({ ...OTHER_TYPE, enabled: true, actions: [CHAT] });
    await deployed(declaring({ enabled: false, actions: [MAIL] }));
    expect(stored()).toMatchObject({ type: 'eql', enabled: false, actions: [MAIL] });
  });

  test('a bulk import applies declared values and keeps the others', async () => {
    const deployment = await kibanaDeployment(server());
    const declared = manyRules(60, { kibana: { enabled: false } });
    await deployKibana(deployment, contentWith(declared));
    const [first, second] = [stored(uuidOf(0)), stored(uuidOf(1))];
    server()
      .space()
      .rules.set(uuidOf(0), { ...first, actions: [MAIL] });
    server()
      .space()
      .rules.set(uuidOf(1), { ...second, enabled: true });
    const next = contentWith(declared.map((each) => ({ ...each, version: 9 })));
    expect((await deployKibana(deployment, next)).problems).toEqual([]);
    expect(stored(uuidOf(0))).toMatchObject({ actions: [MAIL], enabled: false });
    expect(stored(uuidOf(1))).toMatchObject({ actions: [], enabled: false });
    expect(actions(await planKibana(deployment, next))).toEqual([]);
  });
});
