import { deploy } from '../../src/plan/deploy';
import { planFrom } from '../../src/plan/plan';
import { quiet } from '../support/context';
import {
  deployKibana,
  destroyKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { contentWith, rule } from '../support/content';
import { deployWatches, watcherDeployment, watcherOfEachTest } from '../support/watcher-dataset';

const kibana = kibanaOfEachTest();
const watcher = watcherOfEachTest();
const NOTHING = planFrom([], 0, []);

describeContract('Watcher and Kibana', () => {
  test('rules in Kibana block a deploy of watches, and watches block a deploy to Kibana', async () => {
    const namespace = 'w1_pair';
    const inKibana = await kibanaDeployment(kibana(), { namespace });
    const { cluster } = await watcherDeployment(watcher());
    const watches = inKibana.with({ cluster, scheduler: 'watcher' });
    await deployKibana(inKibana, contentWith([rule()]));
    await expect(deploy(watches, NOTHING, quiet(), { yes: true })).rejects.toMatchObject({
      code: 'UNSAFE',
      problems: [{ message: expect.stringContaining('run in Kibana') as string }],
    });
    await destroyKibana(inKibana);
    await deployWatches(watches, contentWith([rule()]));
    await expect(deploy(watches.with({ scheduler: 'kibana' }), NOTHING, quiet(), { yes: true })).rejects.toMatchObject({
      code: 'UNSAFE',
      problems: [{ message: expect.stringContaining('run as watches') as string }],
    });
  });
});
