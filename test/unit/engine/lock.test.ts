import { withLock } from '../../../src/engine/processes';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, temporaryFolder } from '../../support/temporary-folders';

const folder = temporaryFolder();

/** The id of a process that has ended. */
async function goneProcess(): Promise<number> {
  const child = spawn('true');
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid ?? 0;
}

test('engine lock: lets one work at a time', async () => {
  const file = join(folder, 'one');
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    const seen = inside;
    await wait(20);
    inside -= 1;
    return seen;
  };
  expect(await Promise.all([1, 2, 3].map(() => withLock(file, 10, work)))).toEqual([1, 1, 1]);
  expect(existsSync(file)).toBe(false);
});

test('engine lock: the lock is given back when the work fails', async () => {
  const file = join(folder, 'failing');
  await expect(withLock(file, 10, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});

test('engine lock: the lock of a process that has gone is taken over', async () => {
  const file = join(folder, 'gone');
  writeFileSync(file, String(await goneProcess()));
  expect(await withLock(file, 1, () => Promise.resolve('done'))).toBe('done');
  expect(readdirSync(folder).filter((name) => name.startsWith('gone'))).toEqual([]);
});

test('engine lock: the lock of a process whose id another program has now is taken over', async () => {
  const file = join(folder, 'reused');
  const other = spawn('sleep', ['60']);
  try {
    writeFileSync(file, String(other.pid));
    expect(await withLock(file, 1, () => Promise.resolve('done'))).toBe('done');
  } finally {
    other.kill();
  }
});

test('engine lock: waits for the lock of a running process and reports a long wait', async () => {
  const file = join(folder, 'held');
  writeFileSync(file, String(process.pid));
  const message = await messageOf(() => withLock(file, 0.2, () => Promise.resolve('done')), folder);
  expect(message.replace(String(process.pid), '<pid>')).toMatchInlineSnapshot(`
   "another process (<pid>) has been starting or stopping the embedded engine for 0.2 seconds
     Wait for it. If no such process is at work, remove <folder>/held."
  `);
});
