import { setTimeout as wait } from 'node:timers/promises';

const MINUTE = 60_000;

/**
 * Waits for what nothing announces: asks again and again.
 * @param look what it waits for; undefined, false or '' while it is not there
 * @throws Error after a minute
 */
export async function eventually<T>(look: () => T | undefined | false | ''): Promise<T> {
  const end = Date.now() + MINUTE;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false && found !== '') return found;
    if (Date.now() > end) throw new Error(`not within a minute: ${String(look)}`);
    await wait(20);
  }
}
