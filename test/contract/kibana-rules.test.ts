import { deployText } from '../../src/report/plan-text';
import { connectedDeployment, actions, results } from '../support/deployment';
import { normalizeRule } from '../../src/schedulers/kibana/normalize-rule';
import { kibanaRuleId } from '../../src/schedulers/kibana/rule-ownership';
import type { Applied } from '../../src/plan/apply';
import { withSignal } from '../../src/cluster/cluster';
import { connectKibana } from '../../src/cluster/kibana';
import {
  deployKibana,
  destroyKibana,
  OTHER_TYPE,
  planKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { contentWith, manyRules, rule, shipped, uuidOf } from '../support/content';
import { API_KEY, type KibanaServer, type Seen } from '../support/kibana-server';
import type { Thing } from '../support/kibana-state';
import { quick } from '../support/retry-policy';

const server = kibanaOfEachTest();

function stored(uuid: string, space = 'default'): Thing {
  const found = server().space(space).rules.get(uuid);
  if (found === undefined) throw new Error(`no rule ${uuid}`);
  return found;
}

/** What an analyst does in Kibana's own editor, which writes `meta` anew. */
function edit(uuid: string, changes: Thing): void {
  const meta = { from: '1m', kibana_siem_app_url: 'http://kibana/app/security' };
  server()
    .space()
    .rules.set(uuid, { ...stored(uuid), meta, ...changes });
}

describeContract('rules in Kibana', () => {
  test('the shipped rules are created, and a second plan is empty', async () => {
    const deployment = await kibanaDeployment(server());
    const content = shipped();
    const first = await deployKibana(deployment, content);
    expect(first.problems).toEqual([]);
    expect([...server().space().rules.keys()].sort()).toEqual(content.rules.map(({ uuid }) => uuid).sort());
    expect(actions(await planKibana(deployment, content))).toEqual([]);
  });

  test('a rule fills every field of the API', async () => {
    await deployKibana(await kibanaDeployment(server()), shipped());
    const {
      query,
      index,
      description,
      setup,
      investigation_fields: fields,
      ...body
    } = stored('0661c2de-93de-11ec-9833-acde48001122');
    expect(query).toMatch(/^process where /);
    expect(index).toContain('logs-sysmon.process_creation-default');
    expect([description, setup].map((text) => typeof text)).toEqual(['string', 'string']);
    expect(fields).toMatchObject({ field_names: expect.arrayContaining(['process.command_line']) as unknown });
    expect(body).toMatchObject({
      name: 'Windows WMI Process Call Create',
      type: 'eql',
      language: 'eql',
      risk_score: 25,
      severity: 'medium',
      enabled: true,
      interval: '5m',
      from: 'now-3600s',
      timestamp_override: 'event.ingested',
      max_signals: 1000,
      version: 3,
      license: 'Apache-2.0',
    });
    expect(body.threat).toMatchObject([{ tactic: { id: 'TA0002' }, technique: [{ id: 'T1047' }] }]);
    expect(body.tags).toMatchInlineSnapshot(`
     [
       "Managed by: wmi-detections",
       "Domain: Endpoint",
       "OS: Windows",
       "Tactic: Execution",
       "Data Source: Sysmon EventID 1",
       "Data Source: Windows Event Log Security 4688",
       "Data Source: CrowdStrike ProcessRollup2",
       "Analytic Story: Volt Typhoon",
       "Analytic Story: Qakbot",
       "Analytic Story: IcedID",
       "Analytic Story: Suspicious WMI Use",
       "Analytic Story: CISA AA23-347A",
       "Type: Hunting",
     ]
    `);
    expect(body.required_fields).toMatchInlineSnapshot(`
     [
       {
         "ecs": true,
         "name": "event.category",
         "type": "keyword",
       },
       {
         "ecs": true,
         "name": "event.type",
         "type": "keyword",
       },
       {
         "ecs": true,
         "name": "host.os.type",
         "type": "keyword",
       },
       {
         "ecs": true,
         "name": "process.command_line",
         "type": "wildcard",
       },
       {
         "ecs": true,
         "name": "process.name",
         "type": "keyword",
       },
       {
         "ecs": true,
         "name": "process.pe.original_file_name",
         "type": "keyword",
       },
     ]
    `);
    expect(body.related_integrations).toMatchInlineSnapshot(`
     [
       {
         "package": "windows",
         "version": "^3.0.0",
       },
       {
         "package": "system",
         "version": "^2.0.0",
       },
       {
         "package": "crowdstrike",
         "version": "^2.0.0",
       },
     ]
    `);
  });

  test('each tactic of a rule has those of its techniques that ATT&CK counts to it, and no other', async () => {
    const tags = ['execution', 'lateral_movement', 't1047', 't1021.003', 't1021.006'].map((word) => `attack.${word}`);
    await deployKibana(await kibanaDeployment(server()), contentWith([rule({ tags })]));
    expect(stored(rule().uuid).threat).toMatchObject([
      { tactic: { id: 'TA0002' }, technique: [{ id: 'T1047' }] },
      {
        tactic: { id: 'TA0008' },
        technique: [{ id: 'T1021', subtechnique: [{ id: 'T1021.003' }, { id: 'T1021.006' }] }],
      },
    ]);
  });

  test("a rule that changes its type is recreated and keeps an analyst's additions", async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    edit(rule().uuid, { ...OTHER_TYPE, enabled: false });
    const applied = await deployKibana(deployment, contentWith([rule()]));
    expect(applied.problems).toEqual([]);
    expect(stored(rule().uuid)).toMatchObject({ type: 'eql', enabled: false });
  });

  test('a rule of another type that Kibana does not take leaves the old one as it was', async () => {
    const deployment = await kibanaDeployment(server());
    const eql = contentWith([rule()]);
    await deployKibana(deployment, eql);
    const actions = [{ action_type_id: '.email', id: 'mail', params: {} }];
    edit(rule().uuid, { ...OTHER_TYPE, enabled: false, actions });
    const { query } = stored(rule().uuid);
    const creations = ({ method, path }: Seen): boolean => method === 'POST' && path === '/api/detection_engine/rules';
    server().fail(creations, { status: 503, message: 'not now' }, 1);
    const applied = await deployKibana(deployment, eql);
    expect(applied.changes).toMatchObject([{ status: 'failed' }]);
    expect(applied.problems.map(({ message }) => message.replace(/^.*?: /, ''))).toMatchInlineSnapshot(`
     [
       "Kibana, space default: not now",
       "Kibana, space default: the rule of type query, which was to be replaced, is there again as it was",
     ]
    `);
    expect(stored(rule().uuid)).toMatchObject({ type: 'query', query, enabled: false, actions: [{ id: 'mail' }] });
    expect((await deployKibana(deployment, eql)).problems).toEqual([]);
    expect(stored(rule().uuid)).toMatchObject({ type: 'eql', enabled: false, actions: [{ id: 'mail' }] });
  });

  describe('a rule that changes its type while somebody presses Ctrl-C', () => {
    const eql = contentWith([rule()]);
    const asked =
      (verb: string): Parameters<KibanaServer['before']>[0] =>
      ({ method, path }) =>
        method === verb && path === '/api/detection_engine/rules';

    /**
     * Deploys the new type, interrupted when a request of this kind has arrived.
     * @param prepare called when the rule of the other type is there
     */
    async function deployInterrupted(verb: string, prepare = (): void => undefined): Promise<Applied> {
      const here = await kibanaDeployment(server());
      await deployKibana(here, eql);
      edit(rule().uuid, OTHER_TYPE);
      prepare();
      const stop = new AbortController();
      const around = { retryPolicy: quick(), signal: stop.signal };
      const kibana = await connectKibana({ url: server().url, apiKey: API_KEY }, [], around);
      const cluster = withSignal(here.cluster, stop.signal);
      server().before(asked(verb), () => {
        stop.abort();
      });
      const connections = { kibana: { server: kibana, spaces: ['default'] } };
      return deployKibana(await connectedDeployment(here.with({ cluster }), connections, { runs: 'kibana' }), eql);
    }

    test.each(['DELETE', 'POST'])('is recreated although the key is pressed in its %s', async (verb) => {
      const applied = await deployInterrupted(verb);
      expect(applied.changes).toMatchObject([{ action: 'update', status: 'done' }]);
      expect(stored(rule().uuid)).toMatchObject({ type: 'eql' });
    });

    test('is restored and reported if Kibana refuses the new one', async () => {
      const ofType = ({ body }: Seen): boolean => (body as Thing | undefined)?.type === 'eql';
      const applied = await deployInterrupted('DELETE', () => {
        server().fail((seen) => asked('POST')(seen) && ofType(seen), { status: 400, message: 'no such query' });
      });
      expect(applied.changes).toMatchObject([{ action: 'update', status: 'failed' }]);
      expect(applied.changes[0]?.error).toMatch(/no such query.*is there again as it was/s);
      expect(stored(rule().uuid)).toMatchObject({ type: 'query' });
    });
  });

  test('a rule that cannot be restored is reported with what is lost', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    edit(rule().uuid, { ...OTHER_TYPE, enabled: false });
    const creations = ({ method, path }: Seen): boolean => method === 'POST' && path === '/api/detection_engine/rules';
    server().fail(creations, { status: 503, message: 'not now' });
    const applied = await deployKibana(deployment, contentWith([rule()]));
    expect(applied.problems.at(-1)?.message).toContain('could not be put back (Kibana, space default: not now');
    expect(applied.problems.at(-1)?.hint).toContain('It was disabled');
  });

  test('a changed rule is an update, its difference in the words of the rule file and of nothing else', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    const plan = await planKibana(deployment, contentWith([rule({ version: 9, risk: { ...rule().risk, score: 80 } })]));
    expect(plan.steps.map(({ change }) => change.diff)).toMatchInlineSnapshot(`
     [
       "--- cluster/24869767-8579-485d-9a4f-d9ddfd8f0cac
     +++ content/24869767-8579-485d-9a4f-d9ddfd8f0cac
     @@ -43,7 +43,7 @@
          type: keyword
        - name: process.parent.name
          type: keyword
     -severity: high
     +severity: critical
      tags:
        - "OS: Windows"
        - "Tactic: Execution"
     @@ -62,7 +62,7 @@
      wmi_detections:
        most_alerts: 1000
        risk:
     -    score: 49
     +    score: 80
        schedule:
          interval: 5m
          lookback: 1h
     @@ -70,4 +70,4 @@
        setup: You must be ingesting endpoint data that tracks process activity, including parent-child relationships from your endpoints to populate the Endpoint data model in the Processes node. The command-line arguments are mapped to the "process" field in the Endpoint data model.
        timestamp_override: event.ingested
        triage: During triage, review parallel processes for suspicious behavior or commands executed. Review the process and command-line spawning from wmiprvse.exe. Contain and remediate the endpoint as necessary.
     -  version: 4
     +  version: 9
     ",
     ]
    `);
  });

  test('a rule that left the content is reported, and deleted only with --prune', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith(manyRules(2)));
    const rest = contentWith(manyRules(1));
    const plan = await planKibana(deployment, rest);
    expect(actions(plan)).toEqual([]);
    expect(plan.leftovers).toEqual([{ kind: 'detection_rule', id: uuidOf(1) }]);
    expect(results(await deployKibana(deployment, rest, true))).toEqual([`delete detection_rule/${uuidOf(1)}: done`]);
    expect([...server().space().rules.keys()]).toEqual([uuidOf(0)]);
  });

  test('a rule under our id without our tag is reported and left alone', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    edit(rule().uuid, { tags: ['theirs'], name: 'Theirs' });
    const before = stored(rule().uuid);
    const content = contentWith([rule({ version: 9 })]);
    expect(actions(await planKibana(deployment, content))).toEqual([`foreign detection_rule/${rule().uuid}`]);
    const applied = await deployKibana(deployment, content, true);
    expect(results(applied)).toEqual([`foreign detection_rule/${rule().uuid}: skipped`]);
    const counts = { ...(await planKibana(deployment, content)).counts, unchanged: 1 }; // Others' things are counted as well.
    expect(deployText(applied.changes, counts, 0)).toMatchInlineSnapshot(`
     "  ! detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”  skipped: it carries no mark of ours, so it is left as it is
       Take it over (\`wmi-detections adopt detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac\`), rename or remove it, or keep it and leave ours out of the content.
     Deploy: 0 done, 0 failed, 1 skipped, 1 unchanged."
    `);
    expect(stored(rule().uuid)).toEqual(before);
  });

  test("a duplicate that an analyst made of ours is the analyst's, even after an edit", async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    const copy = { ...stored(rule().uuid), rule_id: uuidOf(7), id: uuidOf(8), name: 'Copy' };
    server().space().rules.set(uuidOf(7), copy);
    server()
      .space()
      .rules.set(uuidOf(9), { ...copy, rule_id: uuidOf(9), meta: { from: '1m' } });
    expect((await destroyKibana(deployment)).problems).toEqual([]);
    expect([...server().space().rules.keys()]).toEqual([uuidOf(7), uuidOf(9)]);
  });

  test("a rule of ours that was edited in Kibana's own editor is still ours: brought back, and destroyed", async () => {
    const deployment = await kibanaDeployment(server());
    const content = contentWith([rule()]);
    await deployKibana(deployment, content);
    const query = stored(rule().uuid).query;
    edit(rule().uuid, { query: 'process where false' });
    expect(results(await deployKibana(deployment, content))).toEqual([`update detection_rule/${rule().uuid}: done`]);
    expect(stored(rule().uuid)).toMatchObject({ query, meta: { kibana_siem_app_url: expect.any(String) as unknown } });
    edit(rule().uuid, {});
    await destroyKibana(deployment);
    expect(server().space().rules.size).toBe(0);
  });

  test('an update keeps enabled, actions, exception lists, suppression and everything else of an analyst', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    server().space().lists.set('theirs', { id: 'list-1', list_id: 'theirs' });
    const theirs = {
      enabled: false,
      actions: [{ action_type_id: '.email', id: 'mail', params: { to: ['soc@example.com'] }, uuid: uuidOf(3) }],
      exceptions_list: [{ id: 'list-1', list_id: 'theirs', type: 'detection', namespace_type: 'single' }],
      alert_suppression: { group_by: ['host.name'] },
      timestamp_override_fallback_disabled: false,
      risk_score_mapping: [{ field: 'host.risk', operator: 'equals', value: '' }],
      timeline_id: 'a-timeline',
      timeline_title: 'A timeline',
    };
    edit(rule().uuid, theirs);
    expect(actions(await planKibana(deployment, contentWith([rule()])))).toEqual([]);
    await deployKibana(deployment, contentWith([rule({ version: 9 })]));
    expect(stored(rule().uuid)).toMatchObject({ ...theirs, version: 9 });
  });

  test('what an analyst changes between plan and deploy is kept', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    server().before(
      ({ method, path }) => method === 'GET' && path === '/api/detection_engine/rules',
      () => {
        edit(rule().uuid, { enabled: false });
      },
    );
    await deployKibana(deployment, contentWith([rule({ version: 9 })]));
    expect(stored(rule().uuid)).toMatchObject({ enabled: false, version: 9 });
  });

  test('a rule that an analyst took over between plan and deploy is left as it is', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith([rule()]));
    server().before(
      ({ method, path }) => method === 'GET' && path === '/api/detection_engine/rules',
      () => {
        edit(rule().uuid, { tags: [] });
      },
    );
    const applied = await deployKibana(deployment, contentWith([rule({ version: 9 })]));
    expect(applied.changes).toMatchObject([{ status: 'failed' }]);
    expect(stored(rule().uuid)).toMatchObject({ tags: [], version: 4 });
  });

  test('each namespace has its own ids and names and sees only its own rules', async () => {
    const [first, second] = [await kibanaDeployment(server()), await kibanaDeployment(server(), { namespace: 'lab' })];
    await deployKibana(first, contentWith([rule()]));
    await deployKibana(second, contentWith([rule()]));
    const id = kibanaRuleId(rule().uuid, 'lab');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(stored(id).name).toBe(`${rule().name} [lab]`);
    expect(actions(await planKibana(first, contentWith(manyRules(1)), true))).toEqual([
      `create detection_rule/${uuidOf(0)}`,
      `delete detection_rule/${rule().uuid}`,
    ]);
    await destroyKibana(second);
    expect([...server().space().rules.keys()]).toEqual([rule().uuid]);
  });

  test('one deploy writes several spaces and does not touch others', async () => {
    const deployment = await kibanaDeployment(server(), { spaces: ['default', 'soc'] });
    const applied = await deployKibana(deployment, contentWith([rule()]));
    expect(results(applied)).toEqual([
      `create detection_rule/${rule().uuid}: done`,
      `create detection_rule/soc/${rule().uuid}: done`,
    ]);
    expect(actions(await planKibana(deployment, contentWith([rule()])))).toEqual([]);
    await destroyKibana(await kibanaDeployment(server(), { spaces: ['soc'] }));
    expect([server().space().rules.size, server().space('soc').rules.size]).toEqual([1, 0]);
  });

  test('a missing space is reported before any change', async () => {
    await expect(kibanaDeployment(server(), { spaces: ['default', 'sco', 'sic'] })).rejects.toMatchObject({
      code: 'SETTINGS',
      problems: [{ message: 'Kibana has no space `sco`' }, { message: 'Kibana has no space `sic`' }],
    });
  });

  test('the diff knows a span of time in whatever unit it is written, and no order of tags', () => {
    const body = { from: 'now-1h', interval: '300s', tags: ['b', 'a'], query: 'any where true\n' };
    const same = { from: 'now-3600s', interval: '5m', tags: ['a', 'b'], query: 'any where true', threat: [], note: '' };
    expect(normalizeRule(body)).toEqual(normalizeRule(same));
    expect(normalizeRule(body)).not.toEqual(normalizeRule({ ...same, from: 'now-3601s' }));
  });
});
