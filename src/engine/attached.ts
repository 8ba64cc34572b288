import { stopNode, unref } from './launch';
import { startNode, type EngineOptions } from './start-node';

/** An embedded engine that belongs to this process: it ends with it, however it ends. */
export interface Engine {
  readonly url: string;
  readonly pid: number;
  /** Ends it and removes its data. The very first time this takes some seconds more: it writes down what speeds up later starts. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded engine for this process alone; any number may run at once.
 * @throws ProblemError ENGINE, see {@link startNode}
 */
export async function startAttached(options: EngineOptions = {}): Promise<Engine> {
  const node = await startNode(options);
  unref(node);
  let stopped: Promise<void> | undefined;
  return { url: node.url, pid: node.pid, stop: () => (stopped ??= stopNode(node)) };
}
