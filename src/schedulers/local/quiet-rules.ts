import type { estypes } from '@elastic/elasticsearch';
import { clusterTime } from '../../cluster/clock';
import { unstoppable, type Cluster } from '../../cluster/cluster';
import { mget } from '../../cluster/mget';
import { untyped } from '../../cluster/untyped';
import { ownStreams, stateIndex } from '../../detections/indices';
import { eventWindow, nextWindow, type Window } from '../../detections/windows';
import { ProblemError } from '../../errors';
import { parseDuration } from '../../text/duration';
import { toIso } from '../../text/time';
import type { RuleRun } from '../execute-window';
import { moveWatermark, watermarkDocument, watermarkId, watermarkOf, type StoredRule, type Watermark } from './state';

/** Rules that are asked about at once. */
export const RULES_AT_ONCE = 100;

/** Of fewer rules each is run by itself: that is as few requests. */
const FEW = 10;

/** How the rules are run, as in run-rules.ts. */
interface QuietOptions {
  readonly namespace: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly dryRun?: boolean | undefined;
  readonly now?: (() => number) | undefined;
}

/** A rule, and what it would read now. */
interface Due {
  readonly stored: StoredRule;
  readonly watermark: Watermark | null;
  readonly window: Window;
}

/**
 * The rules that find nothing now, which are most of them: all are asked about in one request, with one look at the clock and one
 * refresh, and their watermarks are moved in another. Whatever else happens to a rule is left to its own run.
 * @param stored at most {@link RULES_AT_ONCE}
 * @returns what each of them did, by UUID; empty where it cannot be found out like this
 * @throws ProblemError INTERRUPTED
 */
export async function runQuietRules(
  cluster: Cluster,
  stored: readonly StoredRule[],
  options: QuietOptions,
): Promise<ReadonlyMap<string, RuleRun>> {
  if (stored.length < FEW) return new Map();
  try {
    const due = await windowsOf(cluster, stored, options);
    const found = await search(cluster, due);
    const quiet = due.filter((_, index) => foundNothing(found[index]));
    const moved = options.dryRun === true ? quiet : await moveAll(unstoppable(cluster), options.namespace, quiet);
    return new Map(moved.map((each) => [each.stored.rule.uuid, runOf(each)]));
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
    // What is wrong is found again, and reported, by the run of each rule.
    return new Map();
  }
}

async function windowsOf(
  cluster: Cluster,
  stored: readonly StoredRule[],
  { namespace, from, to, now: clock }: QuietOptions,
): Promise<Due[]> {
  const ids = stored.map(({ rule }) => watermarkId(rule.uuid));
  // The watermarks before the clock, as in the run of one rule.
  const watermarks = (await mget(cluster, { index: stateIndex(namespace), ids })).map(watermarkOf);
  const now = clock?.() ?? (await clusterTime(cluster, namespace));
  await cluster.client.indices.refresh(
    { index: ownStreams(namespace), ignore_unavailable: true, allow_no_indices: true },
    { ignore: [403, 404] },
  );
  return stored.map((each, index): Due => {
    const watermark = watermarks[index] ?? null;
    if (from !== undefined || to !== undefined) {
      return { stored: each, watermark, window: eventWindow(from ?? null, to ?? null) };
    }
    const lookback = parseDuration(each.rule.schedule.lookback) ?? 0;
    return {
      stored: each,
      watermark,
      window: nextWindow({ watermark: watermark?.at ?? null, now, lookback, namespace }),
    };
  });
}

async function search({ client }: Cluster, due: readonly Due[]): Promise<readonly estypes.MsearchResponseItem[]> {
  const { responses } = await client.msearch({
    searches: due.flatMap(({ stored, window }) => [
      {
        index: [...stored.indices],
        ignore_unavailable: true,
        allow_no_indices: true,
        allow_partial_search_results: false,
      },
      {
        size: 0,
        // One is enough to know that there is something.
        track_total_hits: 1,
        query: untyped({ bool: { filter: [stored.query, window.query] } }),
      },
    ]),
  });
  return responses;
}

/** Every shard has said so. */
function foundNothing(answer: estypes.MsearchResponseItem | undefined): boolean {
  if (answer === undefined || 'error' in answer || answer.timed_out) return false;
  const { total } = answer.hits;
  return answer._shards.failed === 0 && (typeof total === 'number' ? total : total?.value) === 0;
}

/** @returns those whose watermarks stand where they should */
async function moveAll(cluster: Cluster, namespace: string, quiet: readonly Due[]): Promise<Due[]> {
  const moving = quiet.filter(({ window }) => window.watermark !== null);
  const still = quiet.filter(({ window }) => window.watermark === null);
  if (moving.length === 0) return still;
  const lines = moving.flatMap(({ stored: { rule }, watermark, window }, index) => {
    const _id = watermarkId(rule.uuid);
    const action =
      watermark === null
        ? { create: { _id } }
        : { index: { _id, if_seq_no: watermark.seqNo, if_primary_term: watermark.primaryTerm } };
    const at = window.watermark ?? 0;
    return [action, watermarkDocument(rule.uuid, at, runOf(moving[index] as Due))].map((line) => JSON.stringify(line));
  });
  const { items } = await cluster.client.bulk({
    index: stateIndex(namespace),
    refresh: true,
    body: `${lines.join('\n')}\n`,
  });
  const done: Due[] = [];
  for (const [index, each] of moving.entries()) {
    const { status = 0 } = items[index]?.index ?? items[index]?.create ?? {};
    if (status === 409) {
      const { stored, watermark, window } = each;
      await moveWatermark(cluster, namespace, stored.rule.uuid, watermark, window.watermark ?? 0, runOf(each));
    }
    if (status < 300 || status === 409) done.push(each);
  }
  return [...still, ...done];
}

function runOf({ stored: { rule }, window }: Due): RuleRun {
  return {
    uuid: rule.uuid,
    name: rule.name,
    events: 0,
    alerts: 0,
    new: 0,
    ...spanOf(window),
  };
}

function spanOf({ from, to, timebase }: Window): Pick<RuleRun, 'from' | 'to' | 'timebase'> {
  return { from: from === null ? null : toIso(from), to: to === null ? null : toIso(to), timebase };
}
