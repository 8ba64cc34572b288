import { randomUUID } from 'node:crypto';
import { isRecord, type JsonRecord } from '../json';
import { effectiveTemplate } from '../resources/effective-template';
import { SCHEDULERS } from '../schedulers';
import type { Content } from '../resources/kind';
import { alertIndex, stateIndex } from '../detections/indices';
import type { Trial } from '../schedulers/scheduler';
import type { TestSource } from './rule-tests';
import type { Cluster } from '../cluster/cluster';
import { CLEANUP } from '../cluster/transport';
import { untyped } from '../cluster/untyped';
import { withTrial } from './trial-pipelines';
import { DATASETS } from '../detections/indices';

/** Where rules are tried: indices for the events of each source, and a namespace that holds the rules and their alerts. */
export interface Sandbox extends Trial {
  readonly indexOf: (source: TestSource) => string;
}

const SOURCES: readonly TestSource[] = ['sysmon', 'windows_security', 'crowdstrike'];

/*
 * On a cluster that others use nothing shared is touched: our pipelines are installed under names of this trial's own (see
 * trial-pipelines.ts), and the indices are made one by one from what our templates say, so that no template is needed.
 * Their names say when they were made: what a trial that was killed has left behind is removed by the next.
 */
const EVENTS = 'wmi-detections-trial-';
const NAMESPACE = 'trial.';
const MADE_AT = /(?:^wmi-detections-trial-|-trial\.)(\d{13})[-.][0-9a-f]{8}/;
const LEFT_BEHIND_MS = 3_600_000;

/**
 * Makes a sandbox on a cluster that others use, with the rules stored, lets `use` work on it, and removes it.
 * @throws ProblemError REFUSED when the cluster does not take a pipeline or an index, FORBIDDEN without the privileges
 */
export async function withSandbox<T>(
  cluster: Cluster,
  content: Content,
  use: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  await removeLeftBehind(cluster);
  const pipelines = content.resources.filter(({ kind }) => kind === 'ingest_pipeline');
  const [made, chance] = [Date.now(), randomUUID().slice(0, 8)];
  const namespace = `${NAMESPACE}${made}.${chance}`;
  const indexOf = (source: TestSource): string => `${EVENTS}${made}-${chance}-${DATASETS[source]}`;
  const events = SOURCES.map(indexOf);
  const all = [...events, alertIndex(namespace), stateIndex(namespace)];
  return withTrial(cluster, pipelines, async (trial) => {
    try {
      for (const source of SOURCES) {
        const id = `logs-${DATASETS[source]}@`;
        const body = bodyOf(cluster, content, `${id}template`);
        const settings = {
          ...settingsOf(body),
          'index.default_pipeline': trial.idOf(`${id}default-pipeline`),
          'index.number_of_replicas': '0',
        };
        await create(cluster, indexOf(source), { ...body, settings });
      }
      await create(cluster, alertIndex(namespace), bodyOf(cluster, content, 'wmi-detections-alerts@template'));
      await create(cluster, stateIndex(namespace), bodyOf(cluster, content, 'wmi-detections-state@template'));
      // The indices are made from our mappings: no field is text.
      const scope = { cluster, namespace, now: made, indices: events, subFields: new Map<string, string[]>() };
      for (const kind of SCHEDULERS.local.kinds(scope)) {
        for (const rule of await kind.desired(scope, content)) await kind.put(scope, rule, 'create');
      }
      return await use({ cluster, namespace, indexOf, events });
    } finally {
      await remove(cluster, all);
    }
  });
}

/** The sandbox on a cluster where our content is deployed: our own data streams. */
export function deployedSandbox(cluster: Cluster, namespace: string): Sandbox {
  const indexOf = (source: TestSource): string => `logs-${DATASETS[source]}-${namespace}`;
  return { cluster, namespace, indexOf, events: SOURCES.map(indexOf) };
}

/** Settings and mappings that a new index of this template gets. */
function bodyOf(cluster: Cluster, { resources }: Content, template: string): JsonRecord {
  const found = resources.find(({ kind, id }) => kind === 'index_template' && id === template);
  if (found === undefined) return {};
  const { settings, mappings } = effectiveTemplate(found, resources, cluster.product);
  return { ...(isRecord(settings) && { settings }), ...(isRecord(mappings) && { mappings }) };
}

function settingsOf({ settings }: JsonRecord): JsonRecord {
  return isRecord(settings) ? settings : {};
}

async function create(cluster: Cluster, index: string, body: JsonRecord): Promise<void> {
  await cluster.client.indices.create({ index, body: untyped(body) });
}

/** By their names: a cluster may refuse to delete by pattern. */
async function remove(cluster: Cluster, indices: readonly string[]): Promise<void> {
  for (const index of indices) {
    await cluster.client.indices.delete({ index }, CLEANUP);
  }
}

async function removeLeftBehind(cluster: Cluster): Promise<void> {
  const patterns = [`${EVENTS}*`, alertIndex(`${NAMESPACE}*`), stateIndex(`${NAMESPACE}*`)];
  const settings = await cluster.client.indices.getSettings(
    { index: patterns, name: 'index.creation_date', ignore_unavailable: true, allow_no_indices: true },
    { ignore: [404] },
  );
  const old = Object.keys(settings).filter((name) => {
    const made = Number(MADE_AT.exec(name)?.[1]);
    return Date.now() - made > LEFT_BEHIND_MS;
  });
  await remove(cluster, old);
}
