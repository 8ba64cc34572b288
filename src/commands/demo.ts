import { join } from 'node:path';
import { ProblemError, stoppedAfter } from '../errors';
import { startAttached } from '../engine/start-node';
import type { ReplayResult } from '../replay/replay-stats';
import { readAllContent } from '../resources/read-all-content';
import { PROGRAM_FOLDER } from '../program';
import { demoText } from '../report/demo-text';
import { replayJson, progressLine } from '../report/replay-text';
import type { Content, Scope } from '../resources/kind';
import type { RuleRun } from '../schedulers/execute-window';
import { readSettings } from '../settings';
import { alerts, type Alert } from '../schedulers/alert-index-search';
import { declare, type Context } from './command';
import { deploymentOf } from './connections';
import { deploy, type Deployed } from '../plan/deploy';
import { startEngine } from './engine';
import { replay } from '../replay/replay';
import { runRules } from '../schedulers/local/run-rules';

/** Everything that the demo did. */
export interface Demo {
  readonly scope: Scope;
  readonly content: Content;
  readonly deployed: Deployed;
  readonly replayed: ReplayResult;
  readonly rules: readonly RuleRun[];
  readonly alerts: readonly Alert[];
}

const SAMPLES = join(PROGRAM_FOLDER, 'samples');

/**
 * The main job from end to end on a cluster: deploy, replay our samples, run the rules, read the alerts.
 * @param url of a cluster that is the demo's own: an embedded engine
 * @throws ProblemError whatever any of the steps throws
 */
export async function demo(context: Context, url: string): Promise<Demo> {
  const settings = readSettings({ esUrl: url, scheduler: 'local', namespace: 'default' }, {}, { file: false });
  const deployment = await deploymentOf(settings, context);
  const content = readAllContent(PROGRAM_FOLDER);
  context.progress('installing pipelines, templates and rules …');
  const plan = await deployment.plan(content, { prune: false });
  const deployed = await deploy(deployment, plan, context, { yes: false });
  if (deployed.applied.interrupted === true) throw new ProblemError('INTERRUPTED', [{ message: 'interrupted' }]);
  const { cluster, namespace } = deployment;
  const onProgress = (progress: Parameters<typeof progressLine>[0]): void => {
    context.progress(progressLine(progress, context.width));
  };
  const replayed = await replay(cluster, [SAMPLES], { namespace, onProgress });
  context.progress('running the rules …');
  const { rules } = await runRules(cluster, { namespace });
  return { scope: deployment, content, deployed, replayed, rules, alerts: await alerts(cluster, { namespace }) };
}

export const demoCommand = declare({
  positionals: {},
  options: {
    keep: {
      type: 'boolean',
      default: false,
      describe: 'leave the engine running, to look around; `engine stop` ends it',
    },
  },
  run: async (context, argv) => {
    const options = { env: context.environment, say: context.progress, signal: context.signal };
    context.progress('starting the embedded engine …');
    const attached = argv.keep ? undefined : await startAttached(options);
    const { url } = attached ?? (await startEngine(options));
    try {
      const done = await demo(context, url);
      const { replayed, rules } = done;
      return {
        json: { replay: replayJson(replayed), run: { rules }, alerts: done.alerts },
        text: demoText(done, { width: context.width, kept: argv.keep }),
        exit: replayed.problemCount > 0 ? 1 : 0,
      };
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'INTERRUPTED') throw error;
      context.progress(argv.keep ? '' : 'ending the embedded engine …');
      const engine = argv.keep ? 'goes on: `engine stop` ends it' : 'was ended, and its data removed';
      throw stoppedAfter(error, `the embedded engine ${engine}`);
    } finally {
      await attached?.stop();
    }
  },
});
