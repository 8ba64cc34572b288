import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../src/cluster/cluster';
import { createClient } from '../../src/cluster/client';
import type { ElasticsearchRole } from '../../src/doctor/roles';
import { authority, type Authority } from './certificates';
import { fetchElasticsearch, VERSION } from './elasticsearch-distribution';
import { startElasticsearch, type ElasticsearchNode } from './elasticsearch-node';
import { elasticsearchProxy } from './elasticsearch-proxy';
import { request } from './request';

/** A node with security, and API keys for it. */
export interface SecuredElasticsearch {
  /** The node itself, which speaks TLS. */
  readonly node: ElasticsearchNode;
  /** Signs its certificate. */
  readonly authority: Authority;
  /** Through the proxy (elasticsearch-proxy.ts), as everything below. */
  readonly admin: Cluster;
  /** Makes API keys: each has the privileges of one role, and the role's name. */
  readonly createKeys: (roles: Readonly<Record<string, ElasticsearchRole>>) => Promise<void>;
  readonly as: (key: string) => Cluster;
  /** Environment of a command that is given with this key. */
  readonly environmentOf: (key: string) => Record<string, string>;
  readonly stop: () => Promise<void>;
}

/** Keys that are made at a time. */
const AT_ONCE = 8;

/** Starts a node of its own for a test file. */
export async function startSecuredElasticsearch(): Promise<SecuredElasticsearch> {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const ours = authority(folder, 'ours');
  const program = await fetchElasticsearch((line) => process.stderr.write(`${line}\n`));
  const node = await startElasticsearch(program, ours);
  const ca = readFileSync(ours.certificate, 'utf8');
  const { url, close } = await elasticsearchProxy(Promise.resolve({ url: node.url, admin: node.admin, ca }));
  const cluster = (access: object): Cluster => ({
    ...{ url, product: 'elasticsearch', version: VERSION },
    client: createClient({ url, ...access }),
  });
  const admin = cluster(node.admin ?? {});
  const keys = new Map<string, string>();
  const keyOf = (name: string): string => {
    const key = keys.get(name);
    if (key === undefined) throw new Error(`there is no key ${name}`);
    return key;
  };
  const create = async ([name, role]: readonly [string, ElasticsearchRole]): Promise<void> => {
    const { body } = await request<{ encoded: string }>(admin, {
      method: 'PUT',
      path: '/_security/api_key',
      query: { refresh: true },
      body: { name, role_descriptors: { [name]: role } },
    });
    keys.set(name, body.encoded);
  };
  return {
    ...{ node, authority: ours, admin },
    createKeys: async (roles) => {
      const waiting = Object.entries(roles);
      while (waiting.length > 0) await Promise.all(waiting.splice(0, AT_ONCE).map(create));
    },
    as: (name) => cluster({ apiKey: keyOf(name) }),
    environmentOf: (name) => ({ WMI_DETECTIONS_ES_URL: url, WMI_DETECTIONS_ES_API_KEY: keyOf(name) }),
    stop: async () => {
      await close();
      await node.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
