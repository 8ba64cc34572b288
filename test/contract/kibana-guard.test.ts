import { unsafeReasons } from '../../src/plan/guard';
import {
  deployKibana,
  planKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { contentWith, manyRules } from '../support/content';
import type { Thing } from '../support/kibana-state';

const server = kibanaOfEachTest();

function alert(uuid: string, status: string): Thing {
  return { 'kibana.alert.rule.rule_id': uuid, 'kibana.alert.workflow_status': status };
}

describeContract('the guard and alerts in Kibana', () => {
  test('deleting a rule with open alerts needs a yes; one whose alerts are closed does not', async () => {
    const rules = manyRules(5);
    const [first, second] = rules;
    if (first === undefined || second === undefined) throw new Error('two rules are needed');
    const deployment = await kibanaDeployment(server());
    await deployKibana(deployment, contentWith(rules));
    const { alerts } = server().space();
    alerts.push(alert(first.uuid, 'closed'), alert(second.uuid, 'open'), alert(second.uuid, 'open'));

    const withoutFirst = await planKibana(deployment, contentWith(rules.slice(1)), true);
    expect(await unsafeReasons(deployment, withoutFirst)).toEqual([]);
    const withoutSecond = await planKibana(deployment, contentWith([first, ...rules.slice(2)]), true);
    expect(await unsafeReasons(deployment, withoutSecond)).toMatchInlineSnapshot(`
     [
       "This deletes the rule “Rule 1”, which has 2 open alerts.",
     ]
    `);
    const kept = await planKibana(deployment, contentWith(rules), true);
    expect(await unsafeReasons(deployment, kept)).toEqual([]);
  });
});
