import { withBody, type Item } from '../../../src/replay/bulk';

const item = (id: string, document: string | Buffer): Item => ({ stream: 'logs-a-b', id, document });
const text = (items: readonly Item[]): Promise<string> => withBody(items, (body) => Promise.resolve(body.toString()));

test('bulk body: has two lines per item, of characters and of bytes', async () => {
  expect(await text([item('1', '{"a":"€😀"}'), item('2', Buffer.from('{"b":"ü"}'))])).toBe(
    '{"create":{"_index":"logs-a-b","_id":"1"}}\n{"a":"€😀"}\n{"create":{"_index":"logs-a-b","_id":"2"}}\n{"b":"ü"}\n',
  );
});

test('bulk body: bodies that are out at the same time are not one, and nothing of a longer one before is in a shorter', async () => {
  const bodies: Buffer[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const keep = (body: Buffer): Promise<void> => {
    bodies.push(body);
    return released;
  };
  const requests = ['first', 'second', 'third'].map((name) => withBody([item(name, '{}')], keep));
  expect(bodies.map((body) => /"_id":"(\w+)"/.exec(body.toString())?.[1])).toEqual(['first', 'second', 'third']);
  release();
  await Promise.all(requests);
  expect(await text([item('4', '1')])).toBe('{"create":{"_index":"logs-a-b","_id":"4"}}\n1\n');
});

test('bulk body: may be longer than the memory that is lent, and may follow a request that failed', async () => {
  const long = `{"a":"${'€'.repeat(600_000)}"}`;
  expect((await text([item('1', long)])).endsWith(`\n${long}\n`)).toBe(true);
  const failed = withBody([item('1', '{}')], () => Promise.reject(new Error('cut')));
  await expect(failed).rejects.toThrow('cut');
  expect(await text([item('2', '{}')])).toContain('"2"');
});
