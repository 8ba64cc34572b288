import { ProblemError } from '../errors';
import { textAt } from '../json';
import { alertIndex } from '../detections/indices';
import type { Cluster } from '../cluster/cluster';
import { readMatches } from '../cluster/search-all';
import { LEASE, NOTIFIED, notifiedIn, type Notified } from './notified';

/** An alert that a webhook has not got yet. */
export interface Waiting {
  readonly id: string;
  /** The UUID of its rule. */
  readonly rule: string;
  /** When it was first written, milliseconds since 1970. */
  readonly since: number;
  /** What an analyst made of it; it is sent all the same. */
  readonly status: string | null;
  readonly item: Notified;
}

/** After so many refusals an alert waits behind those that were not refused, so that it does not keep them back. */
const MOST_ATTEMPTS = 3;

const STATE = `${NOTIFIED}.state`;

/** Without `unmapped_type` for the last: where the field is not mapped, finding nothing would look as if all were sent. */
const ORDER = [dateOrder('@timestamp'), dateOrder('event.end'), { [STATE]: { order: 'asc' as const } }];

/** The alerts that are not sent to all of their webhooks. */
const WAITING = { terms: { [STATE]: ['pending', 'sending'] } };

/**
 * Makes sure that deliveries can be recorded: an alert that is written without that would never be sent.
 * @throws ProblemError SETTINGS when the mapping of the alert index is older than this program
 */
export async function checkMapping(cluster: Cluster, namespace: string): Promise<void> {
  const search = { index: alertIndex(namespace), ignore_unavailable: true, size: 1, _source: false, sort: ORDER };
  await withMappingHint(cluster, namespace, () => cluster.client.search({ ...search, query: WAITING }));
}

/**
 * The alerts that some webhook has not got, by the name of the webhook, the oldest first.
 * @throws ProblemError SETTINGS when the mapping of the alert index is older than this program
 */
export async function readWaiting(cluster: Cluster, namespace: string): Promise<Map<string, Waiting[]>> {
  const waiting = new Map<string, Waiting[]>();
  const source = ['@timestamp', 'rule.uuid', 'wmi_detections.status', NOTIFIED];
  const search = { indices: [alertIndex(namespace)], query: WAITING, source, sort: ORDER };
  await withMappingHint(cluster, namespace, async () => {
    for await (const hits of readMatches(cluster, search)) {
      for (const { _id: id, _source } of hits) {
        const rule = textAt(_source, 'rule.uuid') ?? '';
        const since = Date.parse(textAt(_source, '@timestamp') ?? '');
        const status = textAt(_source, 'wmi_detections.status');
        for (const item of notifiedIn(_source)) {
          if (item.state === 'sent') continue;
          const list = waiting.get(item.to) ?? [];
          waiting.set(item.to, list);
          list.push({ id, rule, since, status, item });
        }
      }
    }
  });
  return waiting;
}

async function withMappingHint(cluster: Cluster, namespace: string, search: () => Promise<unknown>): Promise<void> {
  try {
    await search();
  } catch (error) {
    throw error instanceof ProblemError && error.message.includes(`No mapping found for [${STATE}]`)
      ? outdatedMapping(cluster, namespace, error)
      : error;
  }
}

function dateOrder(field: string) {
  return { [field]: { order: 'asc', unmapped_type: 'date' } as const };
}

function outdatedMapping(cluster: Cluster, namespace: string, cause: ProblemError): ProblemError {
  const where = { url: `${cluster.url}/${alertIndex(namespace)}` };
  const message =
    'the mapping of the alert index is older than this version: deliveries to webhooks cannot be recorded';
  const hint =
    'Run `wmi-detections deploy`, then run the command again. `--no-notify` runs the rules without webhooks.';
  return new ProblemError('SETTINGS', [{ where, message, hint }], { cause });
}

/** Whether another run is sending to the webhook of these alerts. @param now milliseconds since 1970 */
export function isBeingSent(waiting: readonly Waiting[], now: number): boolean {
  return waiting.some(({ item: { state, at = '' } }) => state === 'sending' && now - Date.parse(at) < LEASE);
}

/** Until when a webhook asked for no message, milliseconds since 1970; undefined where that is over. */
export function closedUntil(waiting: readonly Waiting[], now: number): number | undefined {
  const times = waiting.flatMap(({ item: { retry_at: at } }) => (at === undefined ? [] : [Date.parse(at)]));
  const latest = Math.max(...times);
  return latest > now ? latest : undefined;
}

/**
 * The messages to send: an alert each, in the order of the alerts, but one for all alerts of a rule that has more than `most`.
 * Those that the webhook refused several times come last.
 */
export function batchesOf(waiting: readonly Waiting[], most: number): readonly (readonly Waiting[])[] {
  const [fresh, refused] = [waiting.filter((each) => !isRefused(each)), waiting.filter(isRefused)];
  return [fresh, refused].flatMap((some) => {
    const byRule = new Map<string, Waiting[]>();
    for (const each of some) {
      const known = byRule.get(each.rule);
      if (known === undefined) byRule.set(each.rule, [each]);
      else known.push(each);
    }
    return some.flatMap((each) => {
      const sameRule = byRule.get(each.rule) ?? [];
      if (sameRule.length <= most) return [[each]];
      return sameRule[0] === each ? [sameRule] : [];
    });
  });
}

/** Whether the webhook refused an alert so often that what is in it may be the reason. */
export function isRefused({ item: { attempts = 0 } }: Waiting): boolean {
  return attempts >= MOST_ATTEMPTS;
}
