import fc from 'fast-check';
import { deployKibana, destroyKibana, planKibana, kibanaDeployment, describeContract } from '../support/kibana-dataset';
import { actions } from '../support/deployment';
import { contentWith, exception, manyRules, uuidOf } from '../support/content';
import { startKibana } from '../support/kibana-server';
import type { Decoration, Thing } from '../support/kibana-state';

/** What servers of other versions do to a rule that they give back, each alone harmless and together too. */
const DECORATIONS: Readonly<Record<string, Decoration>> = {
  'fields of a later version': (rule) => ({
    ...rule,
    execution_summary: { last_execution: {} },
    gap_info: [],
    outcome: 'exactMatch',
  }),
  'empty texts for what was not said': (rule) => ({ note: '', license: '', ...rule }),
  'nulls for what was not said': (rule) => ({ timeline_id: null, rule_name_override: null, note: null, ...rule }),
  'a newline at the end of the query': (rule) => ({ ...rule, query: `${String(rule.query)}\n` }),
  'a newline at the end of texts': (rule) => ({ ...rule, setup: `${String(rule.setup)}\n` }),
  'spans in other units': (rule) => ({ ...rule, interval: '300s', from: 'now-60m' }),
  'tags in another order': (rule) => ({ ...rule, tags: [...(rule.tags as string[])].reverse() }),
  'no lists that are empty': (rule) =>
    Object.fromEntries(Object.entries(rule).filter(([, value]) => !Array.isArray(value) || value.length > 0)),
  'meta of its own': (rule) => ({ ...rule, meta: { ...(rule.meta as Thing), from: '55m' } }),
  'a uuid and a frequency for each action': (rule) => ({
    ...rule,
    actions: (rule.actions as Thing[] | undefined)?.map((action, number) => ({
      uuid: uuidOf(70 + number),
      group: 'default',
      frequency: { summary: true, notifyWhen: 'onActiveAlert', throttle: null },
      ...action,
    })),
  }),
  'legacy fields': (rule) => ({ ...rule, throttle: 'no_actions', output_index: '.siem-signals-default' }),
};

describeContract('idempotence', () => {
  test('a second deploy changes nothing whatever a server adds, and destroy removes managed rules only', async () => {
    const names = Object.keys(DECORATIONS);
    const subset = fc.subarray(names);
    const told = [{ action_type_id: '.email', id: 'mail', params: { to: ['soc@example.com'], message: 'Look.' } }];
    const declaring = manyRules(3)
      .slice(2)
      .map((rule) => ({ ...rule, kibana: { type: 'eql' as const, enabled: false, actions: told } }));
    const content = contentWith([...manyRules(2), ...declaring], { rule_0: [exception('tool.exe')], rule_1: [] });
    await fc.assert(
      fc.asyncProperty(subset, fc.constantFrom('default', 'lab'), async (chosen, namespace) => {
        const server = await startKibana();
        try {
          const theirs = { rule_id: 'theirs', id: uuidOf(90), type: 'query', name: 'Theirs', tags: ['x'] };
          server.space().rules.set('theirs', theirs);
          server.decorate = (rule) => chosen.reduce((each, name) => DECORATIONS[name]?.(each) ?? each, rule);
          const deployment = await kibanaDeployment(server, { namespace });
          expect((await deployKibana(deployment, content)).problems).toEqual([]);
          expect(actions(await planKibana(deployment, content, true))).toEqual([]);
          server.seen.length = 0;
          await deployKibana(deployment, content, true);
          expect(server.seen.filter(({ method }) => method !== 'GET')).toEqual([]);
          expect((await destroyKibana(deployment)).problems).toEqual([]);
          expect([...server.space().rules.values()]).toEqual([theirs]);
          expect([server.space().lists.size, server.space().items.size]).toEqual([0, 0]);
          expect(server.violations).toEqual([]);
        } finally {
          await server.close();
        }
      }),
      { numRuns: 12, examples: [[names, 'default']] },
    );
  });

  test('a difference that the file decides is never taken for a default', async () => {
    const server = await startKibana();
    const content = contentWith(manyRules(1));
    const deployment = await kibanaDeployment(server);
    await deployKibana(deployment, content);
    const deployed = server.space().rules.get(uuidOf(0)) ?? {};
    const edits: Thing[] = [
      { name: 'x' },
      { description: 'x' },
      { query: 'process where false' },
      { index: ['logs-*'] },
      { risk_score: 1 },
      { severity: 'low' },
      { threat: [] },
      { tags: [...(deployed.tags as string[]), 'one more'] },
      { author: [] },
      { license: '' },
      { references: ['https://example.com'] },
      { false_positives: [] },
      { note: 'x' },
      { required_fields: [] },
      { related_integrations: [] },
      { investigation_fields: { field_names: ['host.name'] } },
      { interval: '10m' },
      { from: 'now-2h' },
      { to: 'now-1m' },
      { timestamp_override: '@timestamp' },
      { max_signals: 100 },
      { version: 1 },
      { setup: `something else\n\n${String(deployed.setup)}` },
    ];
    for (const edit of edits) {
      server.space().rules.set(uuidOf(0), { ...deployed, ...edit });
      expect([edit, actions(await planKibana(deployment, content))]).toEqual([
        edit,
        [`update detection_rule/${uuidOf(0)}`],
      ]);
    }
    await server.close();
  });
});
