import { ownStreams } from '../../detections/indices';
import type { StoredRule } from '../stored-rule';
import { unstoppable, type Cluster } from '../../cluster/cluster';
import { parseDuration } from '../../text/duration';
import { clusterTime } from '../../cluster/clock';
import { executeWindow, type RuleRun } from '../execute-window';
import { moveWatermark, readWatermark } from './state';
import { eventWindow, nextWindow } from '../../detections/windows';

export interface RunScheduledOptions {
  readonly namespace: string;
  /** Event time, milliseconds since 1970, inclusive. With it or `to` the run reads that period and moves no watermark. */
  readonly from?: number | undefined;
  /** Event time, milliseconds since 1970, exclusive. */
  readonly to?: number | undefined;
  /** Finds and counts the same, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** A clock that stands in for the cluster's; milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/**
 * Runs a rule now: over what came in since its last run, or over a period of event time. The cluster's signal ends it with the
 * window untouched; once its first alert is written, the window is finished.
 * @throws ProblemError when anything could not be read or written; the watermark stays, so that the next run covers this one
 */
export async function runScheduled(
  cluster: Cluster,
  stored: StoredRule,
  options: RunScheduledOptions,
): Promise<RuleRun> {
  const { namespace, from, to, dryRun = false } = options;
  const { uuid, schedule } = stored.rule;
  // The watermark before the clock: so a run beside this one cannot have left a watermark that is later than our now.
  const watermark = await readWatermark(cluster, namespace, uuid);
  const now = options.now?.() ?? (await clusterTime(cluster, namespace));
  await refresh(cluster, namespace);
  const scope = { namespace, now, dryRun };
  if (from !== undefined || to !== undefined) {
    return executeWindow(cluster, stored, eventWindow(from ?? null, to ?? null), scope);
  }
  const lookback = parseDuration(schedule.lookback) ?? 0;
  const window = nextWindow({ watermark: watermark?.at ?? null, now, lookback, namespace });
  const result = await executeWindow(cluster, stored, window, scope);
  if (window.watermark !== null && !dryRun) {
    await moveWatermark(unstoppable(cluster), namespace, uuid, watermark, window.watermark, result);
  }
  return result;
}

/**
 * Makes what has been written to our own streams visible, so that nothing stamped before now can appear after it. Who may
 * not do that is served by the overlap of the windows.
 */
async function refresh(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.client.indices.refresh(
    { index: ownStreams(namespace), ignore_unavailable: true, allow_no_indices: true },
    { ignore: [403, 404] },
  );
}
