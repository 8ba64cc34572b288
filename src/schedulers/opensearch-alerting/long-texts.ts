import type { JsonRecord } from '../../json';
import type { Cluster } from '../../cluster/cluster';
import { readMatches } from '../../cluster/search-all';
import { groupOf, TIME_FIELDS } from '../../detections/group';
import { onDay } from '../../detections/windows';
import type { ExecutableRule } from '../deployed-rule';
import { sourceFields } from '../group-summary';
import { digestOfText } from './key-text';
import { keyOfAlert, type LongTexts } from './plugin-alerts';

/** A shorter value is never cut: a key has 500 bytes or more, and at most eight for each character. */
const SHORTEST = 60;

/**
 * The values that alerts hold only the beginning of, because they were too long for a key: read from the events, of which every
 * alert of a group names the day.
 * @param alerts as the plugin gives them, or the buckets of a run
 * @returns the values by their digest; those whose events are gone are missing
 */
export async function readLongTexts(
  cluster: Cluster,
  stored: ExecutableRule,
  alerts: readonly JsonRecord[],
): Promise<LongTexts> {
  const wanted = new Map<string, Set<string>>();
  for (const alert of alerts) {
    const { day, texts } = keyOfAlert(stored.rule, alert) ?? { day: '', texts: [] };
    for (const text of texts) {
      if (text === null || typeof text === 'string') continue;
      wanted.set(day, (wanted.get(day) ?? new Set()).add(text.digest));
    }
  }
  const found = new Map<string, string>();
  for (const [day, digests] of wanted) {
    const query = { bool: { filter: [stored.query, onDay(day)] } };
    const search = { indices: stored.indices, query, source: sourceFields(stored), dates: TIME_FIELDS };
    for await (const hits of readMatches(cluster, search)) {
      for (const text of hits.flatMap((hit) => groupOf(stored.rule, hit).values)) {
        if (text === null || text.length < SHORTEST) continue;
        const digest = digestOfText(text);
        if (digests.has(digest)) found.set(digest, text);
      }
    }
  }
  return found;
}
