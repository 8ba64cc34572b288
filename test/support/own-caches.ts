import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheOf } from '../../src/engine/cache';
import { fetchJars } from '../../src/engine/jars';
import { findJdk } from '../../src/engine/jdk';
import { temporaryFolder } from './temporary-folders';

interface OwnCaches {
  readonly root: string;
  /** The environment of a user of that name, whose cache is empty but for the jars. */
  readonly user: (name: string) => NodeJS.ProcessEnv;
  /** The folders of the nodes that this user has. */
  readonly nodesOf: (env: NodeJS.ProcessEnv) => string[];
  /** Where the jars really lie. */
  readonly jarsFolder: () => string;
}

/** Caches for the tests of one file, below a folder that is removed after them; the jars are those of the real cache. */
export function ownCaches(): OwnCaches {
  const root = temporaryFolder();
  let jars = '';
  beforeAll(async () => {
    jars = await fetchJars(cacheOf(process.env), findJdk(process.env), process.env, () => undefined);
  });
  return {
    root,
    user(name) {
      const env = { ...process.env, XDG_CACHE_HOME: join(root, name) };
      const own = cacheOf(env).jars;
      mkdirSync(dirname(own), { recursive: true });
      symlinkSync(jars, own);
      return env;
    },
    nodesOf(env) {
      const { nodes } = cacheOf(env);
      return existsSync(nodes) ? readdirSync(nodes) : [];
    },
    jarsFolder: () => jars,
  };
}
