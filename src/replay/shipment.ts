import type { Cluster } from '../cluster/cluster';
import { createAll, type Outcome, type Item } from './bulk';
import type { Refusal } from './dead-letters';
import { carried, type Event } from './event';
import { streamOf } from './streams';

/** What became of an event. */
export type Delivery =
  | { readonly result: 'indexed' | 'duplicate' }
  | { readonly result: 'kept as text'; readonly reason: string }
  | ({ readonly result: 'failed' } & Refusal);

export interface ShipmentOptions {
  readonly namespace: string;
  /** Called once an event. */
  readonly onDelivery: (event: Event, delivery: Delivery) => void;
}

/**
 * A million characters or five hundred events a request. What waits for its answer is what fills the memory: three requests
 * at a time, each as events, as text and as bytes (measured by bench/replay.ts; the speed at this size was not).
 */
export const MAX_CHARACTERS = 1_000_000;
export const MAX_EVENTS = 500;

/** One request is prepared while another is with the cluster; more only fill its queues. */
export const MAX_IN_FLIGHT = 2;

/**
 * Sends events in bulk requests of bounded size, two at a time; `add` waits while both are under way, which holds back the
 * reading. What the cluster refuses for its form is sent once more as text, to the stream of the unrecognised, whose
 * pipeline asks nothing of it: an event is reported, but not lost.
 */
export class Shipment {
  private batch: Event[] = [];
  private characters = 0;
  private readonly inFlight = new Set<Promise<void>>();
  private failure: unknown;

  constructor(
    private readonly cluster: Cluster,
    private readonly options: ShipmentOptions,
  ) {}

  /**
   * @returns what to wait for before the next, where a batch is full: a promise an event would cost more than its reading
   * @throws ProblemError what stopped a request that was sent before; see createAll
   */
  add(event: Event): Promise<void> | undefined {
    this.batch.push(event);
    this.characters += event.document.length;
    const isFull = this.batch.length >= MAX_EVENTS || this.characters >= MAX_CHARACTERS;
    return isFull ? this.flush() : undefined;
  }

  /**
   * Sends the rest and waits for all answers.
   * @throws ProblemError as `add`
   */
  async finish(): Promise<void> {
    if (this.batch.length > 0 && this.failure === undefined) await this.flush();
    await Promise.all(this.inFlight);
    this.rethrow();
  }

  /** Waits for the answers to what was sent, whatever they are; never throws. */
  async settled(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  private async flush(): Promise<void> {
    while (this.inFlight.size >= MAX_IN_FLIGHT) await Promise.race(this.inFlight);
    this.rethrow();
    const events = this.batch;
    this.batch = [];
    this.characters = 0;
    const sending: Promise<void> = this.send(events)
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.inFlight.delete(sending));
    this.inFlight.add(sending);
  }

  private rethrow(): void {
    if (this.failure instanceof Error) throw this.failure;
  }

  private async send(events: readonly Event[]): Promise<void> {
    const { namespace, onDelivery } = this.options;
    const again: { event: Event; reason: string }[] = [];
    const items = events.map((event) => itemOf(event, streamOf(event.source, namespace)));
    await this.create(events, items, (event, outcome) => {
      if (outcome.result !== 'refused') onDelivery(event, { result: outcome.result });
      else if (outcome.status === 400) again.push({ event, reason: outcome.reason });
      else onDelivery(event, { ...outcome, result: 'failed', stream: streamOf(event.source, namespace) });
    });
    if (again.length > 0) await this.sendAsText(again);
  }

  private async sendAsText(refused: readonly { event: Event; reason: string }[]): Promise<void> {
    const { namespace, onDelivery } = this.options;
    const stream = streamOf('unrecognised', namespace);
    const items = refused.map(({ event }) => itemOf(carried(event.text, 'unrecognised'), stream));
    await this.create(refused, items, ({ event, reason }, outcome) => {
      if (outcome.result === 'indexed') onDelivery(event, { result: 'kept as text', reason });
      else if (outcome.result === 'refused') onDelivery(event, { ...outcome, result: 'failed', stream });
      else onDelivery(event, { result: 'duplicate' });
    });
  }

  private async create<T>(
    sent: readonly T[],
    items: readonly Item[],
    onOutcome: (sent: T, outcome: Outcome) => void,
  ): Promise<void> {
    const each = (index: number, outcome: Outcome): void => {
      const one = sent[index];
      if (one !== undefined) onOutcome(one, outcome);
    };
    await createAll(this.cluster, items, { onOutcome: each });
  }
}

function itemOf({ id, document }: Pick<Event, 'id' | 'document'>, stream: string): Item {
  return { stream, id, document };
}
