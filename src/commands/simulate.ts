import { writeFileSync } from 'node:fs';
import {
  type CaseResult,
  type SimulateResult,
  compare,
  expectedText,
  withoutDynamic,
} from '../testing/fixture-compare';
import { readFixtures, type Fixture } from '../testing/fixture';
import { tagsOf, withTrial, type Trial } from '../testing/trial-pipelines';
import type { Resource } from '../content/resource';
import { ProblemError, unwritable } from '../errors';
import type { Cluster } from '../cluster/cluster';
import { startAttached } from '../engine/start-node';
import { readContent } from '../content/read-content';
import { PROGRAM_FOLDER } from '../program';
import { simulateJunit, simulateText } from '../report/test-text';
import { declare, settingsOf, clusterOf, type Context } from './command';
import type { Settings } from '../settings';

export interface SimulateOptions {
  /** The folder with one folder of fixtures a pipeline; `test/pipelines` of a project. */
  readonly fixtures: string;
  /** Ids of the pipelines to try; all that have fixtures where not given. */
  readonly pipelines?: readonly string[] | undefined;
  /** Writes what comes out as what is expected, instead of comparing. */
  readonly generate?: boolean | undefined;
  /** Told of each case when it has ended. */
  readonly onCase?: ((result: CaseResult) => void) | undefined;
}

/**
 * Runs fixtures through pipelines as they are on disk, on a real engine; nothing is indexed, and the pipelines of the cluster
 * are neither used nor changed.
 * @param content all our resources; of them the pipelines are tried
 * @throws ProblemError CONTENT_INVALID for fixtures that cannot be read, USAGE for a pipeline that is not there, REFUSED when
 *   the engine does not accept a pipeline
 */
export async function simulate(
  cluster: Cluster,
  content: readonly Resource[],
  options: SimulateOptions,
): Promise<SimulateResult> {
  const pipelines = content.filter(({ kind }) => kind === 'ingest_pipeline');
  const fixtures = chosen(readFixtures(options.fixtures), pipelines, options);
  const reached = new Set<string>();
  const cases = await withTrial(cluster, pipelines, async (trial) => {
    const results: CaseResult[] = [];
    for (const fixture of fixtures) {
      const result = await runCase(trial, fixture, options.generate === true, reached);
      results.push(result);
      options.onCase?.(result);
    }
    return results;
  });
  const unreached = pipelines.flatMap((pipeline) =>
    tagsOf(pipeline)
      .filter((tag) => !reached.has(tag))
      .map((tag) => ({ pipeline: pipeline.id, tag })),
  );
  const coverage = pipelines.map((pipeline) => {
    const tags = tagsOf(pipeline);
    const found = tags.filter((tag) => reached.has(tag)).length;
    return { pipeline: pipeline.id, reached: found, processors: tags.length };
  });
  return { cases, unreached, coverage };
}

function chosen(fixtures: readonly Fixture[], pipelines: readonly Resource[], options: SimulateOptions): Fixture[] {
  const known = new Set(pipelines.map(({ id }) => id));
  const asked = options.pipelines ?? [...new Set(fixtures.map(({ pipeline }) => pipeline))];
  const unknown = asked.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    const hint = `Known: ${[...known].sort().join(', ')}.`;
    const problems = unknown.map((id) => ({ message: `there is no pipeline "${id}"`, hint }));
    throw new ProblemError('USAGE', problems);
  }
  const without = asked.filter((id) => !fixtures.some(({ pipeline }) => pipeline === id));
  if (without.length > 0) {
    const problems = without.map((id) => ({ message: `there are no fixtures for the pipeline "${id}"` }));
    throw new ProblemError('USAGE', problems);
  }
  return fixtures.filter(({ pipeline }) => asked.includes(pipeline));
}

async function runCase(
  trial: Trial,
  fixture: Fixture,
  generate: boolean,
  reachedByAll: Set<string>,
): Promise<CaseResult> {
  const { pipeline, file, config, events } = fixture;
  const about = { pipeline, file, events: events.length };
  if (config.skip !== undefined) return { ...about, status: 'skipped', reasons: [config.skip], diff: '' };

  const simulated = await trial.simulate(pipeline, events).catch(refused);
  if ('refusal' in simulated) return { ...about, status: 'failed', reasons: [simulated.refusal], diff: '' };
  const { outcomes, reached } = simulated;
  for (const tag of reached) reachedByAll.add(tag);
  const failures = outcomes.flatMap((outcome, index) =>
    'error' in outcome ? [`event ${index + 1}: the pipeline failed, so it would not be indexed: ${outcome.error}`] : [],
  );
  if (failures.length > 0) return { ...about, status: 'failed', reasons: failures, diff: '' };

  const documents = outcomes.map((outcome) => ('document' in outcome ? outcome.document : null));
  if (generate) return { ...about, status: 'generated', reasons: write(fixture, documents), diff: '' };
  if (fixture.expected === undefined) {
    const reasons = [`there is no ${fixture.expectedFile}: write it with --generate, then read it`];
    return { ...about, status: 'failed', reasons, diff: '' };
  }
  const { reasons, diff } = compare(fixture, documents);
  return { ...about, status: reasons.length === 0 ? 'passed' : 'failed', reasons, diff };
}

/** An event that no script can hold (an integer beyond 64 bits) makes the engine refuse all events of the request. */
function refused(error: unknown): { refusal: string } {
  if (!(error instanceof ProblemError) || error.code !== 'REFUSED') throw error;
  return { refusal: `the engine refuses these events: ${error.problems.map(({ message }) => message).join('; ')}` };
}

/** Writes the expectations; the answer is what somebody should look at. */
function write(fixture: Fixture, documents: readonly unknown[]): readonly string[] {
  const kept = documents.map((document) => withoutDynamic(document, fixture.config.dynamicFields));
  try {
    writeFileSync(fixture.expectedFile, expectedText(kept));
  } catch (error) {
    throw unwritable(
      fixture.expectedFile,
      error,
      'expectations',
      'Make its folder writable, or name another with --fixtures.',
    );
  }
  return compare({ ...fixture, expected: [] }, documents).reasons.filter((reason) => !reason.startsWith('differs'));
}

export const simulateCommand = declare({
  positionals: {
    pipelines: { type: 'string', array: true, describe: 'ids of pipelines; all that have fixtures unless given' },
  },
  options: {
    fixtures: { type: 'string', default: 'test/pipelines', describe: 'folder with one folder of fixtures a pipeline' },
    generate: { type: 'boolean', default: false, describe: 'write what comes out as what is expected' },
    report: { choices: ['text', 'junit'] as const, default: 'text' as const, describe: 'form of the text result' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const { fixtures, generate, pipelines } = argv;
    const result = await onEngine(context, settings, (cluster) =>
      simulate(cluster, readContent(settings.content ?? PROGRAM_FOLDER), {
        fixtures,
        generate,
        pipelines: pipelines?.length === 0 ? undefined : pipelines,
      }),
    );
    const failed = result.cases.some(({ status }) => status === 'failed');
    return {
      json: result,
      text: argv.report === 'junit' ? simulateJunit(result) : simulateText(result),
      exit: failed ? 1 : 0,
    };
  },
});

/** On the cluster that the settings name; where they name none, on an embedded engine that ends afterwards. */
async function onEngine<T>(context: Context, settings: Settings, act: (cluster: Cluster) => Promise<T>): Promise<T> {
  if (settings.elasticsearch.url !== undefined) return act(await clusterOf(settings, context));
  const engine = await startAttached({ env: context.environment, say: context.progress, signal: context.signal });
  try {
    return await act(await clusterOf({ ...settings, elasticsearch: { url: engine.url } }, context));
  } finally {
    await engine.stop();
  }
}
