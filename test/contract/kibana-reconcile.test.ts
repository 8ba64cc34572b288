import { reconcile, type RuleReconciliation } from '../../src/alerts/reconcile';
import { reconcileText } from '../../src/report/reconcile-text';
import { kibanaRuleId } from '../../src/schedulers/kibana/rule-ownership';
import type { Deployment } from '../../src/plan/deployment';
import { deployKibana, kibanaDeployment, describeContract, kibanaOfEachTest } from '../support/kibana-dataset';
import { contentWith, exception, rule } from '../support/content';
import { signalOf } from '../support/kibana-signals';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { dataset, SYSMON, wmiChild, type Event, type Dataset } from '../support/dataset';

const server = kibanaOfEachTest();
const NOW = Date.parse('2025-03-10T12:01:00Z');
const DAY = { from: NOW - 86_400_000, to: NOW };

interface Place {
  readonly deployment: Deployment;
  readonly events: Dataset;
  /** Lets Kibana have an alert of an event. */
  alert(event: Event): void;
}

const two = [1, 2].map((pid) => wmiChild(`p${pid}`, { 'process.pid': pid }));
const [first = wmiChild(''), second = wmiChild('')] = two;

/** The shipped rule in Kibana, which ran two minutes ago, and two events. */
async function place(): Promise<Place> {
  const events = await dataset();
  await events.index(two);
  const { namespace, cluster } = events;
  const deployment = (await kibanaDeployment(server(), { namespace })).with({ cluster });
  await deployKibana(deployment, contentWith([rule()]));
  ran();
  const index = await backingIndex(cluster, namespace);
  return {
    deployment,
    events,
    alert: (event) => {
      server()
        .space()
        .alerts.push(signalOf(rule(), event, { index, namespace }));
    },
  };
}

/** Lets Kibana say that each rule ran at that time, and how that ended. */
function ran(change: object = {}, enabled = true): void {
  const last = { date: '2025-03-10T11:59:00.000Z', status: 'succeeded', status_order: 0, message: '', metrics: {} };
  server().decorate = (stored) => ({
    ...stored,
    enabled,
    execution_summary: { last_execution: { ...last, ...change } },
  });
}

async function look({ deployment }: Place, content = contentWith([rule()])): Promise<RuleReconciliation> {
  const [found] = await reconcile(deployment, content, { ...DAY, now: NOW });
  if (found === undefined) throw new Error('no rule was looked at');
  return found;
}

const missing = (found: RuleReconciliation): unknown[] =>
  found.missing.map(({ first: { id }, reasons }) => [id, ...reasons.map(({ code }) => code)]);

describeContract('reconcile and Kibana', () => {
  test('an event is covered by the alert that names it, and no alert is missing if all are covered', async () => {
    const here = await place();
    here.alert(first);
    expect(missing(await look(here))).toEqual([['p2', 'unknown']]);
    here.alert(second);
    const found = await look(here);
    expect(found).toMatchObject({ events: 2, groups: 2, alerted: 2, pending: 0, missing: [] });
  });

  test('an alert of another rule or of another event with the same id does not count', async () => {
    const here = await place();
    server()
      .space()
      .alerts.push(
        signalOf({ ...rule(), uuid: '00000000-0000-4000-8000-000000000000' }, first, { index: 'x' }),
        signalOf(rule(), second, { index: 'another-index', namespace: here.deployment.namespace }),
      );
    expect(missing(await look(here))).toEqual([
      ['p1', 'unknown'],
      ['p2', 'unknown'],
    ]);
  });

  test.each<[string, () => void, string]>([
    [
      'a run that failed',
      () => {
        ran({ status: 'failed', message: 'no index' });
      },
      'run_failed',
    ],
    [
      'a gap',
      () => {
        ran({ metrics: { execution_gap_duration_s: 600 } });
      },
      'gap',
    ],
    [
      'a disabled rule',
      () => {
        ran({}, false);
      },
      'disabled',
    ],
    [
      'a rule that did not run since',
      () => {
        ran({ date: '2025-03-10T10:00:00.000Z' });
      },
      'not_run',
    ],
  ])('explains why an alert is missing: %s', async (_, cause, code) => {
    const here = await place();
    cause();
    expect(
      (await look(here)).missing.map(({ reasons }) => reasons.map((each) => each.code).includes(code as 'gap')),
    ).toEqual([true, true]);
  });

  test('reports a rule that is not deployed, and not its twin', async () => {
    const here = await place();
    server().space().rules.delete(kibanaRuleId(rule().uuid, here.deployment.namespace));
    expect(missing(await look(here))).toEqual([
      ['p1', 'not_deployed'],
      ['p2', 'not_deployed'],
    ]);
  });

  test('what came in after the last run is for the next one, and what an exception silences is not to alert', async () => {
    const here = await place();
    here.alert(first);
    await here.events.index([
      wmiChild('new', { 'process.pid': 3, 'event.ingested': '2025-03-10T12:00:00Z' }),
      wmiChild('silent', { 'process.pid': 4, 'process.name': 'DismHost.exe' }),
    ]);
    const content = contentWith([rule()], { [rule().slug]: [exception('DismHost.exe')] });
    const found = await look(here, content);
    expect(found).toMatchObject({ alerted: 1, pending: 1, silenced: 1 });
    expect(missing(found)).toEqual([['p2', 'unknown']]);
    const text = reconcileText([found], { scheduler: 'kibana', namespace: here.deployment.namespace });
    expect(text).toContain('run the rule by hand in Kibana (Manual run) from 2025-03-10T11:50:00.000Z');
  });
});

/** The name that events of a namespace's Sysmon stream have in `_index`. */
async function backingIndex(cluster: Cluster, namespace: string): Promise<string> {
  const { body } = await request<{ data_streams: { indices: { index_name: string }[] }[] }>(cluster, {
    method: 'GET',
    path: `/_data_stream/${SYSMON}-${namespace}`,
  });
  return body.data_streams[0]?.indices[0]?.index_name ?? '';
}
