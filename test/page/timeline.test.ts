import { bucketsOf } from '../../page/timeline';
import type { Item } from '../../page/filters';

test('timeline of the page: more alerts than a call takes arguments are all in the timeline', () => {
  const items = Array.from({ length: 200_000 }, (_, minute) => ({ start: minute * 60_000 }) as Item);
  const buckets = bucketsOf([...items, { start: NaN } as Item]);
  expect(buckets.length).toBeLessThanOrEqual(48);
  expect(buckets.reduce((sum, bucket) => sum + bucket.items.length, 0)).toBe(200_000);
});
