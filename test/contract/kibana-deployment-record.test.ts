import { stateIndex } from '../../src/detections/indices';
import { request } from '../support/request';
import { planKibana, describeContract } from '../support/kibana-dataset';
import { actions } from '../support/deployment';
import { BOTH, CONTENT, notesOf, recordDataset, type Named } from '../support/kibana-record';
import { testCluster } from '../support/cluster';

const { server, namespace, naming, located, deployed, destroyed, remembered, version, rulesIn, withoutPort } =
  recordDataset();

/** One command, and what there is after it. */
interface Step {
  readonly run: 'plan' | 'deploy' | 'destroy';
  readonly on: Named;
  /** The record is of the server, reached by another name. */
  readonly renamed?: true;
  readonly prune?: true;
  readonly move?: true;
  /** What Kibana answers for the space soc from now on. */
  readonly soc?: { readonly path?: string; readonly status: number };
  /** What a call sees of the spaces. */
  readonly spaces?: object;
  /** What a plan, taken before the command, tells of the spaces that are not named. */
  readonly notes?: readonly string[];
  /** Its steps and the number of its leftovers. */
  readonly planned?: readonly [readonly string[], number];
  readonly refused?: string;
  readonly changes?: readonly object[];
  /** How many rules are in the spaces default and soc. */
  readonly rules?: readonly [number, number];
  /** The spaces of the record; undefined where there is none. */
  readonly recorded?: readonly string[] | undefined;
  /** How often the record was written. */
  readonly written?: number;
  /** The index of the state is gone. */
  readonly noState?: true;
}

interface Row {
  readonly title: string;
  readonly steps: readonly Step[];
}

async function runStep(step: Step): Promise<void> {
  const { soc, prune = false, move = false } = step;
  if (soc !== undefined) {
    server().fail(({ space, path }) => (soc.path === undefined ? space === 'soc' : path === soc.path), soc);
  }
  const url = step.renamed === true ? { url: server().url.replace('127.0.0.1', 'localhost') } : {};
  const deployment = await naming({ ...step.on, ...url });
  if (step.spaces !== undefined) expect(await located()).toMatchObject(step.spaces);
  if (step.notes !== undefined || step.planned !== undefined || step.run === 'plan') {
    const plan = await planKibana(deployment, CONTENT, prune);
    if (step.planned !== undefined) expect([actions(plan), plan.leftovers.length]).toEqual(step.planned);
    if (step.notes !== undefined) expect(notesOf(deployment, plan)).toEqual(step.notes);
  }
  if (step.refused !== undefined) {
    await expect(deployed(deployment, { prune, move }).catch(withoutPort)).resolves.toBe(step.refused);
  } else if (step.run === 'deploy') {
    const { applied } = await deployed(deployment, { prune, move });
    expect(applied.problems).toEqual([]);
    if (step.changes !== undefined) expect(applied.changes).toMatchObject(step.changes);
  } else if (step.run === 'destroy') await destroyed(deployment);
  if (step.rules !== undefined) expect([rulesIn('default'), rulesIn('soc')]).toEqual(step.rules);
  if ('recorded' in step) {
    const { recorded } = step;
    expect(await remembered()).toEqual(recorded && { url: server().url, spaces: recorded });
  }
  if (step.written !== undefined) expect(await version()).toBe(step.written);
  if (step.noState === true) {
    const asked = { method: 'HEAD', path: `/${stateIndex(namespace())}`, allow: [404] } as const;
    expect((await request(await testCluster(), asked)).status).toBe(404);
  }
}

/** Deploys to both spaces. */
const DEPLOYED: Step = { run: 'deploy', on: { spaces: BOTH } };
const LEFT_OUT = 'Space soc of Kibana is not named any more, and holds 1 of ours; --prune deletes them.';

const ROWS: readonly Row[] = [
  {
    title: 'is written once by deploy and never by plan',
    steps: [
      { run: 'plan', on: { spaces: BOTH }, recorded: undefined },
      { ...DEPLOYED, recorded: BOTH },
      { ...DEPLOYED, written: 1 },
    ],
  },
  {
    title: 'keeps a space that is not configured any more, which deploy reports and deletes only with --prune',
    steps: [
      DEPLOYED,
      { run: 'deploy', on: {}, planned: [[], 1], notes: [LEFT_OUT], rules: [1, 1], written: 1 },
      {
        run: 'deploy',
        on: {},
        prune: true,
        changes: [{ action: 'delete', kind: 'detection_rule', status: 'done' }],
        rules: [1, 0],
        recorded: ['default'],
      },
    ],
  },
  {
    title: 'reports that the default space is not configured any more',
    steps: [
      DEPLOYED,
      {
        run: 'plan',
        on: { spaces: ['soc'] },
        notes: ['Space default of Kibana is not named any more, and holds 1 of ours; --prune deletes them.'],
      },
    ],
  },
  {
    title: 'keeps the spaces that a flag leaves out, even with --prune',
    steps: [
      DEPLOYED,
      {
        run: 'deploy',
        on: { chosen: true },
        prune: true,
        notes: ['Rules of ours are in space soc of Kibana, too; they are left as they are.'],
        rules: [1, 1],
        written: 1,
      },
    ],
  },
  {
    title: 'ignores a space that was deleted in Kibana',
    steps: [
      DEPLOYED,
      {
        run: 'deploy',
        on: {},
        soc: { path: '/api/spaces/space/soc', status: 404 },
        spaces: { formerSpaces: [], otherSpaces: [] },
      },
    ],
  },
  {
    title: 'keeps a space that we cannot read, which is named among the others',
    steps: [
      DEPLOYED,
      {
        run: 'deploy',
        on: {},
        prune: true,
        soc: { status: 403 },
        spaces: { formerSpaces: [], otherSpaces: ['soc'] },
        recorded: BOTH,
      },
    ],
  },
  {
    title: 'is gone after a move, which takes the rules from every space, named or not',
    steps: [
      DEPLOYED,
      {
        run: 'deploy',
        on: { scheduler: 'local' },
        refused: `ProblemError: rules of namespace NS run in Kibana (space default, soc); two schedulers would alert twice. Nothing was changed.
  To move them: \`wmi-detections deploy --scheduler local --namespace NS --move\`. Events stay, and alerts where they are.`,
      },
      { run: 'deploy', on: { scheduler: 'local' }, move: true, rules: [0, 0], recorded: undefined },
      { run: 'deploy', on: { scheduler: 'local', kibana: false } },
    ],
  },
  {
    title: 'is gone after a move from a Kibana that is reached by another name',
    steps: [
      { run: 'deploy', on: {} },
      { run: 'deploy', on: { scheduler: 'local' }, renamed: true, move: true, recorded: undefined },
      { run: 'deploy', on: { scheduler: 'local', kibana: false } },
    ],
  },
  {
    title: 'keeps the spaces that destroy does not name, and goes with the last',
    steps: [
      DEPLOYED,
      { run: 'destroy', on: { spaces: ['soc'], chosen: true }, rules: [1, 0], recorded: ['default'] },
      { run: 'destroy', on: {}, recorded: undefined, noState: true },
    ],
  },
];

describeContract('deployment record of Kibana', () => {
  test.each(ROWS)('$title', async ({ steps }) => {
    for (const step of steps) await runStep(step);
  });
});
