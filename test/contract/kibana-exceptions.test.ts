import { deploy } from '../../src/plan/deploy';
import type { Plan } from '../../src/plan/plan';
import { silencedRules } from '../../src/plan/warnings';
import { quiet } from '../support/context';
import { indexEcs } from '../support/ecs-index';
import {
  deployKibana,
  destroyKibana,
  planKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { actions, results } from '../support/deployment';
import { contentWith, exception, rule } from '../support/content';
import { storeItem, type Thing } from '../support/kibana-state';

const server = kibanaOfEachTest();

const LIST = 'wmi-detections:default:process_execution_via_wmi';
const EVENT = { kind: 'field', field: 'process.name', test: { kind: 'exists' } } as const;

/** One that no exception item can say: a process that is not called so. */
const NEGATED = exception('negated', {
  condition: { kind: 'not', of: exception('tool.exe').condition },
});

function stored(): Thing {
  const found = server().space().rules.get(rule().uuid);
  if (found === undefined) throw new Error('the rule is not there');
  return found;
}

function linked(): unknown[] {
  return (stored().exceptions_list as Thing[]).map(({ list_id: id }) => id);
}

function withEntries(...entries: ReturnType<typeof exception>[]): ReturnType<typeof contentWith> {
  return contentWith([rule()], { [rule().slug]: entries });
}

/** An item that an analyst adds to our list by hand. */
function analystsItem(): void {
  storeItem(
    server().space(),
    { list_id: LIST, item_id: 'by-hand', name: 'By hand', type: 'simple', entries: [] },
    undefined,
    'analyst',
  );
}

describeContract('exceptions in Kibana', () => {
  test('an exception becomes an item of a shared list, before the rule that refers to it; a second plan is empty', async () => {
    const deployment = await kibanaDeployment(server());
    const content = withEntries(exception('tool.exe', { expires: '2999-01-01' }));
    expect(results(await deployKibana(deployment, content))).toEqual([
      `create exception_list/${LIST}: done`,
      `create exception_item/${LIST}:tool.exe: done`,
      `create detection_rule/${rule().uuid}: done`,
    ]);
    expect(linked()).toEqual([LIST]);
    expect(stored().exceptions_list).toMatchObject([{ id: server().space().lists.get(LIST)?.id }]);
    expect(stored().query).not.toContain('tool.exe');
    expect(server().space().items.get(`${LIST}:tool.exe`)).toMatchObject({
      list_id: LIST,
      expire_time: '2999-01-01T00:00:00.000Z',
      tags: ['Managed by: wmi-detections'],
      entries: [{ type: 'match', field: 'process.name', operator: 'included', value: 'tool.exe' }],
    });
    expect(actions(await planKibana(deployment, content))).toEqual([]);
  });

  test('an exception that no item can express becomes part of the query', async () => {
    await deployKibana(await kibanaDeployment(server()), withEntries(NEGATED));
    expect(linked()).toEqual([]);
    expect(stored().query).toContain('tool.exe');
    expect(server().space().lists.size).toBe(0);
  });

  test('one that is switched off or expired does nothing', async () => {
    const off = exception('off.exe', { enabled: false });
    const expired = exception('old.exe', { expires: '2020-01-01' });
    await deployKibana(await kibanaDeployment(server()), withEntries(off, expired));
    expect([server().space().lists.size, linked().length]).toEqual([0, 0]);
    expect(JSON.stringify(stored())).not.toMatch(/off\.exe|old\.exe/);
  });

  test('another exception that silences every match needs a yes although the rule does not change', async () => {
    const index = 'wmi-test-silenced';
    const event = { category: ['process'], type: ['start'] };
    const process = { name: 'cmd.exe', parent: { name: 'WmiPrvSE.exe' } };
    const local = await kibanaDeployment(server(), { spaces: ['soc'] });
    await indexEcs(local.cluster, index, { one: { '@timestamp': '2026-01-01T00:00:00Z', event, process } });
    const deployment = local.with({ indices: [index] });
    await deployKibana(deployment, withEntries(exception('tool.exe')));
    const silencing = async (...more: ReturnType<typeof exception>[]): Promise<[Plan, string[]]> => {
      const content = withEntries(exception('tool.exe'), ...more);
      const plan = await planKibana(deployment, content);
      expect(actions(plan)).toEqual(more.map(({ id }) => `create exception_item/soc/${LIST}:${id}`));
      return [plan, await silencedRules(deployment, content, plan)];
    };
    expect((await silencing(exception('other.exe')))[1]).toEqual([]);
    const [plan, reasons] = await silencing(exception('all', { condition: EVENT }));
    expect(reasons).toEqual([
      'The exceptions of “Process Execution via WMI” silence all 1 of its matches on this cluster.',
    ]);
    await expect(deploy(deployment, plan, quiet(), { yes: false, reasons })).rejects.toMatchObject({ code: 'UNSAFE' });
    expect(server().space('soc').items.size).toBe(1);
  });

  test('a changed item is an update that keeps the comments of analysts', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, withEntries(exception('tool.exe')));
    const key = `${LIST}:tool.exe`;
    const comments = [{ id: 'c1', comment: 'seen it', created_by: 'analyst' }];
    server()
      .space()
      .items.set(key, { ...server().space().items.get(key), comments });
    expect(actions(await planKibana(deployment, withEntries(exception('tool.exe'))))).toEqual([]);
    const changed = withEntries(exception('tool.exe', { condition: EVENT }));
    expect(results(await deployKibana(deployment, changed))).toEqual([`update exception_item/${key}: done`]);
    expect(server().space().items.get(key)).toMatchObject({ comments, entries: [{ type: 'exists' }], list_id: LIST });
  });

  test('an exception that leaves the files is deleted with --prune, its list unlinked before', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, withEntries(exception('tool.exe')));
    expect(results(await deployKibana(deployment, withEntries(), true))).toEqual([
      `update detection_rule/${rule().uuid}: done`,
      `delete exception_item/${LIST}:tool.exe: done`,
      `delete exception_list/${LIST}: done`,
    ]);
    expect([server().space().lists.size, server().space().items.size, linked().length]).toEqual([0, 0, 0]);
  });

  test("a managed list with an analyst's item stays and stays linked", async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, withEntries(exception('tool.exe')));
    analystsItem();
    await deployKibana(deployment, withEntries(), true);
    expect([...server().space().items.keys()]).toEqual(['by-hand']);
    expect(linked()).toEqual([LIST]);
    expect(actions(await planKibana(deployment, withEntries(), true))).toEqual([]);
  });

  test('destroy removes managed lists and items and leaves those of analysts', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, withEntries(exception('tool.exe')));
    server().space().lists.set('theirs', { id: 'list-1', list_id: 'theirs', tags: [] });
    storeItem(server().space(), { list_id: 'theirs', item_id: 'their-item', entries: [] }, undefined, 'analyst');
    expect((await destroyKibana(deployment)).problems).toEqual([]);
    expect([...server().space().lists.keys()]).toEqual(['theirs']);
    expect([...server().space().items.keys()]).toEqual(['their-item']);
    expect(server().space().rules.size).toBe(0);
  });

  test('a list under our id without our tag is not managed, and its dependents are skipped', async () => {
    const deployment = await kibanaDeployment(server());
    server().space().lists.set(LIST, { id: 'list-1', list_id: LIST, name: 'theirs', tags: [] });
    const applied = await deployKibana(deployment, withEntries(exception('tool.exe')));
    expect(results(applied)).toEqual([
      `foreign exception_list/${LIST}: skipped`,
      `create exception_item/${LIST}:tool.exe: skipped`,
      `create detection_rule/${rule().uuid}: skipped`,
    ]);
    expect(applied.changes[0]?.error).toMatchInlineSnapshot(`
     "it carries no mark of ours, so it is left as it is
       Rename or remove it, or keep it and leave ours out of the content."
    `);
    expect([server().space().rules.size, server().space().items.size]).toEqual([0, 0]);
  });

  test('a rule is skipped if its list cannot be created, and a second run completes it', async () => {
    const deployment = await kibanaDeployment(server(), { spaces: ['soc'] });
    const content = withEntries(exception('tool.exe'));
    server().fail(({ method, path }) => method === 'POST' && path === '/api/exception_lists', { status: 500 }, 1);
    expect(results(await deployKibana(deployment, content)).map((line) => line.split(': ')[1])).toEqual([
      'failed',
      'skipped',
      'skipped',
    ]);
    expect(server().space('soc').rules.size).toBe(0);
    expect((await deployKibana(deployment, content)).problems).toEqual([]);
    expect(actions(await planKibana(deployment, content))).toEqual([]);
  });
});
