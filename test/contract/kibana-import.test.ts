import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { exitOf } from '../../src/commands/deploy';
import {
  deployKibana,
  OTHER_TYPE,
  planKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { actions } from '../support/deployment';
import { contentWith, manyRules, uuidOf } from '../support/content';
import { type Seen } from '../support/kibana-server';

const server = kibanaOfEachTest();

const imports = ({ path }: Seen): boolean => path === '/api/detection_engine/rules/_import';
const writes = ({ method }: Seen): boolean => method !== 'GET';

const NOTHING_WRONG = {
  success: true,
  errors: [],
  exceptions_success: true,
  exceptions_success_count: 0,
  exceptions_errors: [],
  action_connectors_success: true,
  action_connectors_success_count: 0,
  action_connectors_errors: [],
  action_connectors_warnings: [],
};

/** Bytes, after all garbage is collected. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** What a deploy of 51 rules makes of an answer of the import; `changed` says which are failed. */
async function imported(answer: Record<string, unknown>): Promise<{ failed: string[]; said: string[]; exit: number }> {
  server().fail(imports, { status: 200, body: { ...NOTHING_WRONG, success_count: 51, rules_count: 51, ...answer } });
  const applied = await deployKibana(await kibanaDeployment(server()), contentWith(manyRules(51)));
  return {
    failed: applied.changes.filter(({ status }) => status === 'failed').map(({ id }) => id),
    said: applied.problems.map(({ message }) => message),
    exit: exitOf(applied),
  };
}

describeContract('many rules at once', () => {
  test('fifty rules go one by one, fifty-one in one import; a second plan is empty', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith(manyRules(50)));
    expect(server().seen.filter(imports)).toHaveLength(0);
    server().space().rules.clear();
    server().seen.length = 0;
    const all = contentWith(manyRules(51));
    expect((await deployKibana(deployment, all)).problems).toEqual([]);
    expect(
      server()
        .seen.filter(writes)
        .map(({ path, query }) => [path, query]),
    ).toEqual([['/api/detection_engine/rules/_import', { overwrite: 'true' }]]);
    expect(server().space().rules.size).toBe(51);
    expect(actions(await planKibana(deployment, all))).toEqual([]);
  });

  test('no import holds more than 500 rules or 8 MB', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith(manyRules(501)));
    const counts = server()
      .seen.filter(imports)
      .map(({ body }) => String((body as { text: unknown }).text).split('\n').length - 1);
    expect(counts).toEqual([500, 1]);
    server().seen.length = 0;
    await deployKibana(deployment, contentWith(manyRules(60, { setup: 'x'.repeat(300_000) })));
    const sizes = server()
      .seen.filter(imports)
      .map(({ body }) => Buffer.byteLength((body as { text: string }).text));
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8_000_000);
  });

  test('a thousand rules are planned in one paged read, and plan after plan in the same memory', async () => {
    const deployment = await kibanaDeployment(server());
    const all = contentWith(manyRules(1_000));
    await deployKibana(deployment, all);
    const heap: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      server().seen.length = 0;
      expect(actions(await planKibana(deployment, all))).toEqual([]);
      const reads = server().seen.filter(({ path }) => path.startsWith('/api/detection_engine/rules'));
      expect(reads.map(({ path, query }) => `${path} ${String(query.page)}`)).toEqual([
        '/api/detection_engine/rules/_find 1',
        '/api/detection_engine/rules/_find 2',
      ]);
      heap.push(heapInUse());
    }
    const [, second = 0, , last = 0] = heap;
    expect(last - second).toBeLessThan(3_000_000);
  }, 120_000);

  test('an import that updates keeps enabled, actions and exception lists of an analyst', async () => {
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith(manyRules(51)));
    server().space().lists.set('theirs', { id: 'list-1', list_id: 'theirs' });
    const theirs = {
      enabled: false,
      actions: [{ action_type_id: '.email', id: 'mail', params: {} }],
      exceptions_list: [{ id: 'list-1', list_id: 'theirs', type: 'detection', namespace_type: 'single' }],
    };
    for (const [id, each] of server().space().rules)
      server()
        .space()
        .rules.set(id, { ...each, ...theirs });
    const applied = await deployKibana(deployment, contentWith(manyRules(51, { version: 9 })));
    expect(applied.problems).toEqual([]);
    for (const each of server().space().rules.values()) expect(each).toMatchObject({ ...theirs, version: 9 });
  });

  test('among many, a rule that changes its type is made anew, one by one', async () => {
    const deployment = await kibanaDeployment(server());
    const [first, ...rest] = manyRules(51);
    if (first === undefined) throw new Error('a rule is needed');
    await deployKibana(deployment, contentWith([first, ...rest]));
    const { rules } = server().space();
    rules.set(uuidOf(0), { ...rules.get(uuidOf(0)), ...OTHER_TYPE });
    const changed = contentWith([first, ...manyRules(51, { version: 9 }).slice(1)]);
    expect((await deployKibana(deployment, changed)).problems).toEqual([]);
    expect(rules.get(uuidOf(0))).toMatchObject({ type: 'eql' });
    expect(actions(await planKibana(deployment, changed))).toEqual([]);
  });

  test.each(['errors', 'exceptions_errors', 'action_connectors_errors'])(
    'an import that answers 200 and names a rule in %s fails for that rule',
    async (list) => {
      const error = { rule_id: uuidOf(3), error: { status_code: 400, message: 'it says no' } };
      const { failed, said, exit } = await imported({ success: false, success_count: 50, [list]: [error] });
      expect(failed).toEqual([uuidOf(3)]);
      expect(said).toEqual([
        `detection_rule/${uuidOf(3)} “Rule 3”: Kibana, space default: the import says: it says no`,
      ]);
      expect(exit).toBe(2);
    },
  );

  test('an error that names no rule of ours could be about any of them', async () => {
    const error = { list_id: 'a-list', error: { status_code: 409, message: 'it is there already' } };
    const { failed, said } = await imported({ exceptions_success: false, exceptions_errors: [error] });
    expect(failed).toHaveLength(51);
    expect(said[0]).toContain('the import says: it is there already (a-list)');
  });

  test('rules that are neither counted nor named are not reported as done', async () => {
    const { failed, said } = await imported({ success_count: 40 });
    expect(failed).toHaveLength(51);
    expect(said[0]).toContain('the import took 40 of 51 rules and does not say which');
  });

  test('what cannot be read while many are put has failed for all of them, and the report is whole', async () => {
    const deployment = await kibanaDeployment(server());
    const plan = await planKibana(deployment, contentWith(manyRules(51)));
    const finds = ({ path }: Seen): boolean => path === '/api/detection_engine/rules/_find';
    server().fail(finds, { status: 403, message: 'not allowed' });
    const applied = await deployment.apply(plan);
    expect(applied.changes.map(({ status }) => status)).toEqual(Array.from({ length: 51 }, () => 'failed'));
    expect(applied.problems[0]?.message).toContain('“Rule 0”: Kibana, space default: ');
    expect(exitOf(applied)).toBe(2);
  });

  test('an import that is refused as a whole has failed for its rules, and only for them', async () => {
    server().fail(imports, { status: 413, message: 'Payload content length greater than maximum allowed' }, 1);
    const applied = await deployKibana(await kibanaDeployment(server()), contentWith(manyRules(501)));
    expect(applied.changes.filter(({ status }) => status === 'failed')).toHaveLength(500);
    expect(server().space().rules.size).toBe(1);
    expect(actions(await planKibana(await kibanaDeployment(server()), contentWith(manyRules(501))))).toHaveLength(500);
  });
});
