import { diskFull, writing } from '../../../src/engine/engine-failure';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheOf, heapOf, prepareFolder } from '../../../src/engine/cache';
import { messageOf, temporaryFolder } from '../../support/temporary-folders';

const folder = temporaryFolder();

test('engine cache: the cache is below XDG_CACHE_HOME', () => {
  expect(cacheOf({ XDG_CACHE_HOME: folder }).root).toBe(join(folder, 'wmi-detections', 'engine'));
});

test('engine cache: a relative XDG_CACHE_HOME is not obeyed, as its specification asks', () => {
  expect(cacheOf({ XDG_CACHE_HOME: 'cache' }).root.startsWith(homedir())).toBe(true);
});

test('engine cache: the jars of another version of the engine lie in another folder', () => {
  expect(cacheOf({ XDG_CACHE_HOME: folder }).jars).toMatch(/\/3\.\d+\.\d+\.\d+\/jars$/);
});

test('engine cache: a disk with room enough is taken', () => {
  prepareFolder(join(folder, 'roomy'), 1);
  expect(existsSync(join(folder, 'roomy'))).toBe(true);
});

test('engine cache: a disk with less room than needed is refused, with what is free and what is needed', async () => {
  const message = await messageOf(() => {
    prepareFolder(join(folder, 'small'), 2 ** 52);
  }, folder);
  expect(message.replace(/\d+ MB free/, '<n> MB free')).toMatchInlineSnapshot(`
   "disk full: the embedded engine cannot write in <folder>/small (<n> MB free, 4294967296 MB needed)
     Free some space, or set XDG_CACHE_HOME to a folder on another disk."
  `);
});

test('engine cache: a disk that fills up while writing is reported as a full disk', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const message = await messageOf(() => {
    writing(folder, () => {
      throw full;
    });
  }, folder);
  expect(message).toBe(diskFull('<folder>', 'ENOSPC').message);
});

test('engine cache: a cache path below a file is reported', async () => {
  writeFileSync(join(folder, 'file'), '');
  const message = await messageOf(() => {
    prepareFolder(join(folder, 'file', 'cache'));
  }, folder);
  expect(message).toMatchInlineSnapshot(`
   "the embedded engine cannot write in <folder>/file/cache (ENOTDIR)
     Make it writable, or set XDG_CACHE_HOME to a folder that is."
  `);
});

test.each([
  [undefined, '1g'],
  ['512m', '512m'],
  ['2G', '2G'],
])('engine cache: WMI_DETECTIONS_ENGINE_HEAP=%s gives %s', (written, heap) => {
  expect(heapOf(written === undefined ? {} : { WMI_DETECTIONS_ENGINE_HEAP: written })).toBe(heap);
});

test.each(['1', '0g', 'lots', '1g -XX:+Evil'])('engine cache: WMI_DETECTIONS_ENGINE_HEAP=%s is refused', (written) => {
  expect(() => heapOf({ WMI_DETECTIONS_ENGINE_HEAP: written })).toThrow('not an amount of memory');
});
