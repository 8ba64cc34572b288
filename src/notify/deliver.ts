import { alertIndex } from '../detections/indices';
import { clusterTimeOrOurs } from '../cluster/clock';
import { unstoppable, type Cluster } from '../cluster/cluster';
import { mget } from '../cluster/mget';
import { ProblemError } from '../errors';
import type { Webhook } from '../settings';
import { plural } from '../text/plural';
import { toIso } from '../text/time';
import { bodyOf } from './forms';
import { messageOf, MOST_SHOWN, type AlertDocument } from './message';
import { LEASE, type Notified } from './notified';
import { openWebhook, originOf, type OpenWebhook, type Reply } from './post';
import { batchesOf, closedUntil, isBeingSent, isRefused, readWaiting, type Waiting } from './queue';
import { changeNotified } from './record';

export interface DeliveryOptions {
  readonly namespace: string;
  readonly webhooks: readonly Webhook[];
  /** A clock that stands in for the cluster's; milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** What one webhook got in one run; `run --output json` prints it. */
export interface Delivery {
  readonly webhook: string;
  /** Scheme and host. */
  readonly url: string;
  /** Messages that it accepted, and the alerts in them. */
  readonly messages: number;
  readonly alerts: number;
  /** Alerts that it has not got yet. */
  readonly waiting: number;
  /** Why there are any, for the first of them; null where none waits, or another run is sending them. */
  readonly problem: string | null;
}

/**
 * Sends to each webhook the alerts that it has not got yet, the oldest first, and records what was delivered in the alerts. Nothing
 * else is remembered: what this run does not send, the next one does.
 *
 *   what happens to a message            | the alert        | the webhook's other messages
 *   -------------------------------------|------------------|--------------------------------------------------
 *   accepted                             | `sent`           | go on
 *   perhaps refused for what is in it    | `pending`, +1    | go on; after three such times it comes last, and is
 *                                        |                  | tried without what comes from events as well
 *   the webhook takes no message now     | `pending`        | wait for the next run
 *   this process dies                    | `sending`        | another run takes it over after {@link LEASE}
 *
 * An alert is first written as `sending`, by its version, so of two runs only one sends it. It is sent twice when a run dies between
 * the acceptance and its record, or takes longer than the lease.
 * @throws ProblemError when the alerts cannot be read or written; what a webhook does wrong is in its delivery
 */
export async function deliverAlerts(cluster: Cluster, options: DeliveryOptions): Promise<Delivery[]> {
  const { namespace, webhooks } = options;
  const now = options.now ?? (await clockOf(cluster, namespace));
  const waiting = await readWaiting(cluster, namespace);
  const results = await Promise.allSettled(
    webhooks.map((webhook) => deliverTo({ cluster, namespace, webhook, now }, waiting.get(webhook.name) ?? [])),
  );
  // All have ended before the first failure is reported: nothing goes on in the background.
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** The cluster's time, carried on by our own clock. */
async function clockOf(cluster: Cluster, namespace: string): Promise<() => number> {
  const apart = (await clusterTimeOrOurs(cluster, namespace)) - Date.now();
  return () => Date.now() + apart;
}

interface Sender {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly webhook: Webhook;
  readonly now: () => number;
}

async function deliverTo(sender: Sender, waiting: readonly Waiting[]): Promise<Delivery> {
  const { cluster, webhook, now } = sender;
  const nothing = { webhook: webhook.name, url: originOf(webhook), messages: 0, alerts: 0, waiting: waiting.length };
  if (waiting.length === 0 || isBeingSent(waiting, now())) return { ...nothing, problem: null };
  const closed = closedUntil(waiting, now());
  if (closed !== undefined) return { ...nothing, problem: `it asked for no message before ${toIso(closed)}` };
  let open: OpenWebhook;
  try {
    open = await openWebhook(webhook, cluster);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
    return { ...nothing, problem: error.problems[0]?.message ?? error.message };
  }
  try {
    return await sendAll(sender, open, waiting, nothing);
  } finally {
    await open.close();
  }
}

async function sendAll(
  sender: Sender,
  open: OpenWebhook,
  waiting: readonly Waiting[],
  nothing: Omit<Delivery, 'problem'>,
): Promise<Delivery> {
  let [messages, alerts, gone] = [0, 0, 0];
  let problem: string | null = null;
  for (const batch of batchesOf(waiting, sender.webhook.maxPerRule)) {
    if (sender.cluster.signal?.aborted === true) break;
    const claimed = await claim(sender, batch);
    const reply = claimed.length === 0 ? undefined : await send(sender, open, claimed);
    if (reply === undefined) {
      gone += batch.length;
      continue;
    }
    gone += batch.length - claimed.length;
    if (reply.accepted) {
      messages += 1;
      alerts += claimed.length;
      continue;
    }
    problem ??= reply.reason;
    if (!reply.perhapsMessage) break;
  }
  return { ...nothing, messages, alerts, waiting: waiting.length - alerts - gone, problem };
}

/** Takes those alerts that still wait, and that no other run has taken meanwhile. */
async function claim({ cluster, namespace, webhook, now }: Sender, batch: readonly Waiting[]): Promise<Waiting[]> {
  const at = now();
  const ids = batch.map(({ id }) => id);
  const claimed = await changeNotified(cluster, namespace, ids, webhook.name, (item) => {
    const taken = item.state === 'sending' && at - Date.parse(item.at ?? '') < LEASE;
    return item.state === 'sent' || taken ? undefined : { ...item, state: 'sending', at: toIso(at) };
  });
  return batch.filter(({ id }) => claimed.has(id));
}

/** @returns undefined where none of the alerts is there any more */
async function send(sender: Sender, open: OpenWebhook, claimed: readonly Waiting[]): Promise<Reply | undefined> {
  // What is begun is finished: an interruption ends neither the record nor the attempt under way.
  const steady = { ...sender, cluster: unstoppable(sender.cluster) };
  let reply: Reply | undefined;
  try {
    const [first, ...others] = await readAlerts(steady, claimed.slice(0, MOST_SHOWN));
    if (first === undefined) return undefined;
    reply = await postWhole(sender, open, claimed, [first, ...others]);
    return reply;
  } finally {
    await record(steady, claimed, reply);
  }
}

/** Posts the message; where it was refused several times and is again, without what comes from events. */
async function postWhole(
  { namespace, webhook }: Sender,
  open: OpenWebhook,
  claimed: readonly Waiting[],
  alerts: readonly [AlertDocument, ...AlertDocument[]],
): Promise<Reply> {
  const post = (withheld: boolean): Promise<Reply> =>
    open.post(bodyOf(messageOf(alerts, { namespace, count: claimed.length, withheld }), webhook));
  const reply = await post(false);
  if (reply.accepted || !reply.perhapsMessage || !claimed.every(isRefused)) return reply;
  const second = await post(true);
  // Refused as well, it was not for the text: the reason of the first counts.
  return second.accepted ? second : reply;
}

async function readAlerts({ cluster, namespace }: Sender, some: readonly Waiting[]): Promise<AlertDocument[]> {
  const found = await mget(cluster, { index: alertIndex(namespace), ids: some.map(({ id }) => id) });
  return found.filter((doc) => doc.found).map(({ _id, _source = {} }) => ({ ..._source, _id }));
}

/** @param reply undefined where the attempts were interrupted */
async function record(
  { cluster, namespace, webhook, now }: Sender,
  claimed: readonly Waiting[],
  reply: Reply | undefined,
): Promise<void> {
  const at = toIso(now());
  const ids = claimed.map(({ id }) => id);
  await changeNotified(cluster, namespace, ids, webhook.name, (item): Notified | undefined => {
    const { to, attempts = 0 } = item;
    if (item.state === 'sent') return undefined;
    if (reply === undefined) return { ...item, state: 'pending' };
    if (reply.accepted) return { to, state: 'sent', at };
    const retryAt = reply.wait === undefined ? {} : { retry_at: toIso(now() + reply.wait) };
    const tries = attempts + (reply.perhapsMessage ? 1 : 0);
    return { to, state: 'pending', at, ...(tries > 0 && { attempts: tries }), ...retryAt, error: reply.reason };
  });
}

/** A delivery in a line for a person; undefined where there is nothing to say. */
export function deliveryLine({ webhook, url, messages, alerts, waiting, problem }: Delivery): string | undefined {
  const sent = messages === 0 ? [] : [`${plural(alerts, 'alert')} sent in ${plural(messages, 'message')}`];
  const left = problem === null ? [] : [`${plural(waiting, 'alert')} not sent: ${problem}`];
  return sent.length + left.length === 0 ? undefined : `notify ${webhook} (${url}): ${[...sent, ...left].join('; ')}`;
}
