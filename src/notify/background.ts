/**
 * Delivers beside a watch, so that a slow webhook delays no rule. One delivery at a time: what is asked for during one is done after
 * it, once.
 */
export class BackgroundDelivery {
  private running: Promise<void> | undefined;
  private again = false;

  /** @param deliver one delivery; it reports its errors itself */
  constructor(private readonly deliver: () => Promise<void>) {}

  /** Starts a delivery, or another one after the present one. */
  start(): void {
    this.again = true;
    this.running ??= this.run();
  }

  /** Resolves when no delivery is under way any more; none is begun. */
  async end(): Promise<void> {
    this.again = false;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      this.again = false;
      await this.deliver();
    }
    this.running = undefined;
  }
}
