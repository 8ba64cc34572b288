import { localDeployment } from '../support/deployment';
import { planCommand } from '../../src/commands/plan';
import { quiet } from '../support/context';
import { replay } from '../../src/replay/replay';
import { request } from '../support/request';
import { SAMPLES } from '../support/samples';
import { checkReviewed, onlyOf, planFrom, type Plan, type Step } from '../../src/plan/plan';
import { readAllContent } from '../../src/resources/read-all-content';
import { unsafeReasons } from '../../src/plan/guard';
import { silencedRules } from '../../src/plan/warnings';
import { expiredNotes } from '../../src/sigma/exceptions';
import { planMarkdown } from '../../src/report/plan-text';
import { freshNamespace } from '../support/dataset';
import { settingsFolder, project } from '../support/temporary-folders';
import { testCluster } from '../support/cluster';

const settings = settingsFolder();
const RULE = 'detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac';

/** The rules of a namespace that nobody has deployed to; everything else is there. */
async function freshPlan(): Promise<Plan> {
  const ours = project();
  try {
    const deployment = localDeployment({ cluster: await testCluster(), namespace: freshNamespace() });
    return await deployment.plan(readAllContent(ours.folder), { prune: false });
  } finally {
    ours.remove();
  }
}

test('plan: --only applies a part of the plan and counts the rest as unchanged', async () => {
  const whole = await freshPlan();
  const [rule, other] = whole.steps;
  if (rule === undefined || other === undefined) throw new Error('two steps are needed');
  const part = onlyOf(whole, [RULE]);
  expect(part.steps.map(({ change }) => `${change.kind}/${change.id}`)).toEqual([RULE]);
  expect(part.digest).not.toBe(whole.digest);
  const counted = (['update', 'rollover', 'delete', 'create', 'foreign'] as const).map((action) => {
    const mixed = planFrom([rule, { ...other, change: { ...other.change, action } }], 3, []);
    return [action, onlyOf(mixed, [`${rule.change.kind}/${rule.change.id}`]).counts.unchanged];
  });
  expect(counted).toEqual([
    ['update', 4],
    ['rollover', 4],
    ['delete', 4],
    ['create', 3],
    ['foreign', 3],
  ]);
});

test('plan: creations that --only leaves out do not make a deletion of everything look small', async () => {
  const { steps } = await freshPlan();
  const [first] = steps;
  if (first === undefined) throw new Error('a step is needed');
  const step = (action: 'create' | 'delete', number: number): Step => {
    const change = { kind: 'detection_rule', id: `${action}-${number}`, action, diff: '' };
    return { ...first, kind: { ...first.kind, openAlerts: () => Promise.resolve(0) }, change };
  };
  const deletions = Array.from({ length: 10 }, (_, number) => step('delete', number));
  const creations = Array.from({ length: 40 }, (_, number) => step('create', number));
  const names = deletions.map(({ change }) => `${change.kind}/${change.id}`);
  const deployment = localDeployment({ cluster: await testCluster(), namespace: 'default' });
  const part = onlyOf(planFrom([...creations, ...deletions], 0, []), names);
  expect(await unsafeReasons(deployment, part)).toEqual(['This deletes 10 of 10 things of ours on the cluster.']);
});

test('plan: --only refuses a name that the plan does not change and suggests a similar one', async () => {
  const plan = await freshPlan();
  expect(() => onlyOf(plan, [RULE.replace('rule', 'rlue')])).toThrowErrorMatchingInlineSnapshot(`
   "--only detection_rlue/24869767-8579-485d-9a4f-d9ddfd8f0cac: the plan changes no such thing
     Did you mean "detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac"?"
  `);
});

test('plan: --checksum applies only the plan that was reviewed', async () => {
  const plan = await freshPlan();
  checkReviewed(plan, undefined);
  checkReviewed(plan, plan.digest);
  checkReviewed(plan, plan.digest.slice(0, 12));
  expect(() => {
    checkReviewed(plan, plan.digest.slice(0, 11));
  }).toThrow(/is not the one that was reviewed/);
  expect(() => {
    checkReviewed(plan, `0000${plan.digest.slice(4)}`);
  }).toThrow(/Nothing was changed/);
});

test('plan: --checksum covers created resources and the namespace', async () => {
  const ours = project();
  const cluster = await testCluster();
  const namespace = freshNamespace();
  const digest = async (where: string): Promise<string> =>
    (await localDeployment({ cluster, namespace: where }).plan(readAllContent(ours.folder), { prune: false })).digest;
  try {
    const reviewed = await digest(namespace);
    expect(await digest(namespace)).toBe(reviewed);
    expect(await digest(freshNamespace())).not.toBe(reviewed);
    ours.edit(
      'rules/process_execution_via_wmi.yml',
      'process.parent.name: WmiPrvSE.exe',
      'process.parent.name: other.exe',
    );
    const changed = await localDeployment({ cluster, namespace }).plan(readAllContent(ours.folder), { prune: false });
    expect(changed.counts).toMatchObject({ create: 2, update: 0 });
    expect(() => {
      checkReviewed(changed, reviewed);
    }).toThrow(/is not the one that was reviewed/);
  } finally {
    ours.remove();
  }
});

test('plan: is printed as a comment for a pull request', () => {
  const counts = { create: 1, update: 1, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 3 };
  const changes = [
    { kind: 'detection_rule', id: 'a', title: 'A | <b>rule</b>', action: 'create', diff: '' },
    { kind: 'ingest_pipeline', id: 'p', action: 'update', diff: '-a: "```"\n+a: 1\n' },
  ] as const;
  expect(planMarkdown(changes, counts, '0123456789abcdef0123')).toMatchInlineSnapshot(`
   "### wmi-detections plan

   Plan: 1 to create, 1 to update, 3 unchanged.

   | action | what | name |
   | --- | --- | --- |
   | create | \`detection_rule/a\` | A \\| \\<b\\>rule\\</b\\> |
   | update | \`ingest_pipeline/p\` |  |

   <details><summary>ingest_pipeline/p</summary>

   \`\`\`\`diff
   -a: "\`\`\`"
   +a: 1
   \`\`\`\`

   </details>

   Apply exactly this: \`wmi-detections deploy --checksum 0123456789abcdef\`"
  `);
});

test.each([
  [{}, '--checksum'],
  [{ prune: false, only: undefined, namespace: undefined }, '--checksum'],
  [{ prune: true, only: ['a/b', 'c/d'] }, '--prune --only a/b c/d --checksum'],
  [
    { namespace: 'lab', scheduler: 'kibana', space: 'a,b' },
    '--namespace lab --scheduler kibana --space a,b --checksum',
  ],
  [{ content: "our rules'" }, "--content 'our rules'\\''' --checksum"],
])('plan: the command to apply a plan repeats how it was made: %j', (flags, said) => {
  const counts = { create: 0, update: 1, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 3 };
  const changes = [{ kind: 'ingest_pipeline', id: 'p', action: 'update', diff: '' }] as const;
  const text = planMarkdown(changes, counts, '0123456789abcdef0123', flags);
  expect(text).toContain(`Apply exactly this: \`wmi-detections deploy ${said} 0123456789abcdef\``);
});

test('plan: the command of a plan repeats the flags of the plan', async () => {
  const namespace = freshNamespace();
  const url = (await testCluster()).url;
  const argv = { esUrl: url, namespace, scheduler: 'local', prune: false, only: [RULE], output: 'markdown' };
  const { text } = await planCommand.run(quiet(), argv);
  expect(text).toContain(
    `\`wmi-detections deploy --namespace ${namespace} --scheduler local --only ${RULE} --checksum `,
  );
  expect(text).not.toContain(url);
});

test.each(['flag', 'environment'])('plan: the command of a plan names the profile that the %s gives', async (given) => {
  const file = settings.written('profiles:\n  lab:\n    scheduler: local\n');
  const profile = given === 'flag' ? 'lab' : undefined;
  const environment = given === 'flag' ? {} : { WMI_DETECTIONS_PROFILE: 'lab' };
  const argv = { esUrl: (await testCluster()).url, namespace: freshNamespace(), config: file, output: 'markdown' };
  const { text } = await planCommand.run({ ...quiet(), environment }, { ...argv, profile });
  expect(text).toContain(`\`wmi-detections deploy --config ${file} --profile lab --namespace `);
  // The twin: nobody asks for one.
  expect((await planCommand.run(quiet(), argv)).text).toContain(`deploy --config ${file} --namespace `);
});

describe('plan: exceptions of a rule', () => {
  const FILE = 'rules/exceptions/process_execution_via_wmi.yml';
  const entry = (id: string, more: string): string =>
    `- id: ${id}\n  enabled: true\n  comment: for a test\n  author: us\n${more}`;
  const EVERYTHING = '  detection:\n    every:\n      event.category: process\n    condition: every\n';

  async function reasons(exceptions: string, namespace: string): Promise<string[]> {
    const ours = project();
    try {
      ours.write(FILE, exceptions);
      const deployment = localDeployment({ cluster: await testCluster(), namespace });
      const content = readAllContent(ours.folder);
      const plan = await deployment.plan(content, { prune: false });
      return await silencedRules(deployment, content, plan);
    } finally {
      ours.remove();
    }
  }

  test('that silence every match need a yes; those that leave one do not', async () => {
    const cluster = await testCluster();
    const namespace = freshNamespace();
    expect(await reasons(entry('all', EVERYTHING), namespace)).toEqual([]);
    await replay(cluster, [SAMPLES], { namespace });
    await request(cluster, { method: 'POST', path: `/logs-*-${namespace}/_refresh` });
    expect(await reasons(entry('all', EVERYTHING), namespace)).toMatchInlineSnapshot(`
     [
       "The exceptions of “Process Execution via WMI” silence all 16 of its matches on this cluster.",
     ]
    `);
    const some = EVERYTHING.replace('event.category: process', 'process.name: cmd.exe');
    expect(await reasons(entry('some', some), namespace)).toEqual([]);
    expect(await reasons(entry('all', `  expires: 2020-01-01\n${EVERYTHING}`), namespace)).toEqual([]);
  });

  test('that have expired are reported', () => {
    const ours = project();
    ours.write(FILE, entry('old', `  expires: 2020-01-01\n${EVERYTHING}`));
    const { exceptions = [] } = readAllContent(ours.folder);
    ours.remove();
    expect(expiredNotes(exceptions, Date.now())).toMatchInlineSnapshot(`
     [
       "rules/exceptions/process_execution_via_wmi.yml: the exception old expired on 2020-01-01 and silences nothing any more: renew it or take it out",
     ]
    `);
    expect(expiredNotes(exceptions, Date.parse('2019-12-31'))).toEqual([]);
  });
});
