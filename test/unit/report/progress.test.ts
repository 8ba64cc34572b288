import { progressLine } from '../../../src/report/replay-text';

const MID = { bytesDone: 250_000_000, bytesTotal: 1_000_000_000, records: 1_234_567, elapsedMs: 60_000 };

test('progress line: shows bar, percent, events, rate and the time left where the end is known', () => {
  expect(progressLine(MID, 100)).toMatchInlineSnapshot(
    `"[######------------------]  25 %  1,234,567 events  20,576/s  3 min 0 s left"`,
  );
});

test('progress line: shows bytes, events and rate where the end is not known', () => {
  expect(progressLine({ ...MID, bytesTotal: undefined }, 100)).toMatchInlineSnapshot(
    `"250.0 MB  1,234,567 events  20,576/s"`,
  );
});

test('progress line: shows no time left at the end, nor at the beginning', () => {
  expect(progressLine({ ...MID, bytesDone: 1_000_000_000 }, 100)).toMatchInlineSnapshot(
    `"[########################] 100 %  1,234,567 events  20,576/s"`,
  );
  expect(progressLine({ bytesDone: 0, bytesTotal: 10, records: 0, elapsedMs: 0 }, 100)).toMatchInlineSnapshot(
    `"[------------------------]   0 %  0 events"`,
  );
});

test('progress line: is never wider than the terminal', () => {
  expect(progressLine(MID, 50)).toMatchInlineSnapshot(`"25 %  1,234,567 events  20,576/s  3 min 0 s left"`);
  expect(progressLine(MID, 10)).toHaveLength(10);
});
