import { exportRules } from '../../src/commands/export';
import { adoptAll, findAdoptions, type Adopted } from '../../src/plan/adopt';
import { PROGRAM_FOLDER } from '../../src/program';
import { kibanaRuleId } from '../../src/schedulers/kibana/rule-ownership';
import type { Deployment } from '../../src/plan/deployment';
import {
  deployKibana,
  planKibana,
  kibanaDeployment,
  connectionTo,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { actions } from '../support/deployment';
import { shipped } from '../support/content';
import type { Thing } from '../support/kibana-state';

const server = kibanaOfEachTest();

const [RULE] = shipped().rules;
const UUID = RULE?.uuid ?? '';

function stored(id: string, space = 'default'): Thing {
  return server().space(space).rules.get(id) ?? {};
}

/** A rule with the id of ours that somebody else made, and works with. */
function makeTheirs(id: string, space = 'default'): Thing {
  const theirs: Thing = {
    ...stored(id, space),
    name: 'Their rule',
    query: 'process where process.parent.name : "wmiprvse.exe"',
    tags: ['Their tag'],
    meta: { from: '1m' },
    setup: 'Their setup.',
    enabled: false,
    exceptions_list: [{ id: 'their-id', list_id: 'their-list', type: 'detection', namespace_type: 'single' }],
    actions: [{ id: 'mail', action_type_id: '.email', group: 'default', params: { message: 'x' } }],
  };
  server().space(space).lists.set('their-list', { id: 'their-id', list_id: 'their-list', type: 'detection' });
  server().space(space).rules.set(id, theirs);
  return theirs;
}

async function adopt(deployment: Deployment, name: string): Promise<readonly Adopted[]> {
  return adoptAll(deployment, (await findAdoptions(deployment, shipped(), [name])).foreign);
}

describeContract('adopt and export', () => {
  test.each(['default', 'soc'])('adopt only adds marks to an unmanaged rule in space %s', async (space) => {
    const spaces = ['default', 'soc'];
    const deployment = await kibanaDeployment(server(), { spaces });
    await deployKibana(deployment, shipped());
    const theirs = makeTheirs(UUID, space);
    const id = space === 'default' ? UUID : `${space}/${UUID}`;
    expect(actions(await planKibana(deployment, shipped()))).toEqual([`foreign detection_rule/${id}`]);

    const results = await adopt(deployment, `detection_rule/${id}`);
    expect(results).toMatchObject([{ kind: 'detection_rule', id, status: 'adopted' }]);
    expect(results[0]?.diff).toContain('-title: Their rule');
    const { name, query, enabled, actions: sent, exceptions_list: lists, tags } = stored(UUID, space);
    expect({ name, query, enabled, lists }).toEqual({
      name: theirs.name,
      query: theirs.query,
      enabled: false,
      lists: theirs.exceptions_list,
    });
    expect(sent).toMatchObject([{ id: 'mail' }]);
    expect(tags).toEqual(['Their tag', 'Managed by: wmi-detections']);
    expect(actions(await planKibana(deployment, shipped()))).toEqual([`update detection_rule/${id}`]);

    await deployKibana(deployment, shipped());
    expect(actions(await planKibana(deployment, shipped()))).toEqual([]);
    expect(stored(UUID, space)).toMatchObject({ enabled: false, actions: [{ id: 'mail' }] });
  });

  test('a refusal of Kibana is reported with its own message', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, shipped());
    makeTheirs(UUID);
    const { foreign } = await findAdoptions(deployment, shipped(), [`detection_rule/${UUID}`]);
    server().space().rules.delete(UUID);
    const [failed] = await adoptAll(deployment, foreign);
    expect(failed).toMatchObject({ status: 'failed' });
    expect(failed?.error).toContain('404');
  });

  test('an exported rule can be imported, equals what deploy makes and is managed', async () => {
    const deployment = await kibanaDeployment(server(), { namespace: 'lab' });
    const { text } = exportRules({ format: 'kibana', root: PROGRAM_FOLDER, namespace: 'lab' });
    const { server: kibana } = await connectionTo(server());
    const answer = await kibana.ask<Record<string, unknown>>({
      method: 'POST',
      path: '/api/detection_engine/rules/_import',
      file: { name: 'rules.ndjson', text },
    });
    expect(answer.body).toMatchObject({ success: true, success_count: 2, errors: [], exceptions_errors: [] });
    expect([...server().space().rules.keys()]).toContain(kibanaRuleId(UUID, 'lab'));
    expect(actions(await planKibana(deployment, shipped()))).toEqual([]);
  });
});
