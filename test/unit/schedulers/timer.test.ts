import { pauseAfter, TIMER } from '../../../src/schedulers/local/timetable';

describe('timer: backoff', () => {
  test('doubles from a second on, up to the longest pause', () => {
    expect([1, 2, 3, 4, 10, 2_000].map((failures) => pauseAfter(failures, 60_000, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 60_000, 60_000,
    ]);
  });

  test('is by chance half as long at least', () => {
    expect([0, 0.5, 1].map((chance) => pauseAfter(3, 60_000, chance))).toEqual([2_000, 3_000, 4_000]);
  });

  test('is no longer than the longest pause from the first', () => {
    expect(pauseAfter(1, 500, 1)).toBe(500);
  });
});

describe('timer: the timer of the system', () => {
  test('a wait ends when the signal is aborted, before it and in it', async () => {
    const stop = new AbortController();
    const waiting = TIMER.wait(600_000, stop.signal);
    stop.abort();
    await waiting;
    await TIMER.wait(600_000, stop.signal);
  });
});
