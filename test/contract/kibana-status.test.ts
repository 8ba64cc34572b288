import type { RuleState } from '../../src/schedulers/deployed-rule';
import { status } from '../../src/commands/status';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import type { ContentChange, Status } from '../../src/status/status';
import { deployKibana, kibanaDeployment, describeContract, kibanaOfEachTest } from '../support/kibana-dataset';
import { contentWith, rule } from '../support/content';

const server = kibanaOfEachTest();
const DAY = 86_400_000;

async function look(deployment: Deployment, content: Content): Promise<Status> {
  return status(deployment, content, { span: DAY });
}

function edits({ content }: Status): ContentChange[] {
  return content.changes.filter(({ kind, edited }) => kind === 'detection_rule' && edited);
}

/** Lets Kibana say that each rule ran at that time, and how that ended. */
function ran(at: number, result = 'succeeded', metrics: object = {}): void {
  const last = { date: new Date(at).toISOString(), status: result, status_order: 0, message: `it ${result}`, metrics };
  server().decorate = (stored) => ({ ...stored, execution_summary: { last_execution: last } });
}

describeContract('status of rules in Kibana', () => {
  test('lists each rule of each space, whether it is enabled and how its last run went', async () => {
    const content = contentWith([rule()]);
    const deployment = await kibanaDeployment(server(), { spaces: ['default', 'soc'], namespace: 'k1_status' });
    expect((await look(deployment, content)).rules).toEqual([]);
    await deployKibana(deployment, content);
    const [first] = (await look(deployment, content)).rules;
    expect(first).toMatchObject<Partial<RuleState>>({ enabled: true, execution: null, overdue: true, nextRun: null });

    const at = Date.now() - 60_000;
    ran(at, 'partial failure', { execution_gap_duration_s: 90 });
    const { rules, attention } = await look(deployment, content);
    expect(rules.map(({ space }) => space)).toEqual(['default', 'soc']);
    expect(rules[1]).toMatchObject<Partial<RuleState>>({
      scheduler: 'kibana',
      overdue: false,
      execution: {
        at: new Date(at).toISOString(),
        result: 'partial failure',
        message: 'it partial failure',
        gap: 90_000,
      },
      nextRun: new Date(at + 300_000).toISOString(),
    });
    expect(attention.filter((sentence) => sentence.includes('(space soc)'))).toEqual([
      `${String(rules[1]?.name)} (space soc): its last run ended in partial failure: it partial failure`,
      `${String(rules[1]?.name)} (space soc): nothing ran for 1 min 30 s before its last run`,
    ]);
  });

  test('a rule that did not run for two intervals is overdue, and a disabled one is not', async () => {
    const content = contentWith([rule()]);
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, content);
    ran(Date.now() - 12 * 60_000);
    expect((await look(deployment, content)).rules[0]).toMatchObject({ overdue: true });
    const late = server().decorate;
    server().decorate = (stored) => ({ ...late(stored), enabled: false });
    expect((await look(deployment, content)).rules[0]).toMatchObject({ overdue: false, enabled: false, nextRun: null });
  });

  test('an edit in the UI is distinguished from a change of the file', async () => {
    const content = contentWith([rule()]);
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, content);
    expect(edits(await look(deployment, content))).toEqual([]);
    server().decorate = (stored) => ({ ...stored, description: 'edited in the UI' });
    const [edit] = edits(await look(deployment, content));
    expect(edit?.diff).toContain('-description: edited in the UI');
    const changed = contentWith([rule({ description: 'changed in the file' })]);
    expect(edits(await look(deployment, changed))).toEqual([]);
  });
});
