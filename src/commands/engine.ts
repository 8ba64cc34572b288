import { detachedEngine, startDetached, stopDetached, type DetachedEngine } from '../engine/detached';
import type { EngineOptions } from '../engine/start-node';
import { declare } from './command';

/** The result of `engine start`; scripts rely on its shape. */
export interface EngineStarted {
  readonly url: string;
  readonly pid: number;
}

/** The result of `engine status`. */
export type EngineStatus =
  { readonly running: false } | ({ readonly running: true; readonly answers: boolean } & DetachedEngine);

/** The result of `engine stop`: what was ended, if anything ran. */
export type EngineStopped = { readonly stopped: false } | ({ readonly stopped: true } & EngineStarted);

/**
 * Starts the user's embedded engine, detached; where it runs already, that one is the result.
 * @throws ProblemError ENGINE for all that can keep it from running; docs/engine.md lists it
 */
export async function startEngine(options: EngineOptions = {}): Promise<EngineStarted> {
  const { url, pid } = await startDetached(options);
  return { url, pid };
}

/** Ends the user's embedded engine and removes its data; without effect when none runs. */
export async function stopEngine(env?: NodeJS.ProcessEnv): Promise<EngineStopped> {
  const ended = await stopDetached(env);
  return ended === undefined ? { stopped: false } : { stopped: true, url: ended.url, pid: ended.pid };
}

/** Whether the user's embedded engine runs, where, and whether it answers. */
export async function engineStatus(env?: NodeJS.ProcessEnv): Promise<EngineStatus> {
  const engine = await detachedEngine(env);
  return engine === undefined ? { running: false } : { running: true, ...engine };
}

export const engineCommand = declare({
  positionals: {
    action: { choices: ['start', 'stop', 'status'] as const, demandOption: true, describe: 'what to do' },
  },
  options: {},
  run: async (context, { action }) => {
    const env = context.environment;
    if (action === 'start') {
      const started = await startEngine({ env, say: context.progress, signal: context.signal });
      return { json: started, text: JSON.stringify(started), exit: 0 };
    }
    if (action === 'stop') {
      const ended = await stopEngine(env);
      const text = ended.stopped ? `Ended the engine at ${ended.url}.` : 'No engine was running.';
      return { json: ended, text, exit: 0 };
    }
    const status = await engineStatus(env);
    if (!status.running) return { json: status, text: 'No engine is running; `engine start` starts one.', exit: 1 };
    const answers = status.answers ? 'answers' : 'does not answer';
    return {
      json: status,
      text: `An engine runs at ${status.url} (process ${status.pid}) and ${answers}.`,
      exit: status.answers ? 0 : 1,
    };
  },
});
