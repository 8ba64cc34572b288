import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import { type Cluster } from '../../cluster/cluster';
import type { Kind, Live, Scope } from '../../resources/kind';
import { openAlertsOf } from '../alert-index-search';
import { MANAGED_BY } from '../../resources/ownership';
import {
  desiredWatch,
  normalizeWatch,
  othersActions,
  namespaceOfWatch,
  uuidOfWatch,
  withWatchMark,
  OUR_ACTION,
} from './watch-body';
import { untyped } from '../../cluster/untyped';
import { subFieldsFor } from '../../visibility/fields';
import { checkWatch } from './execute-watch';
import { cadenceOf, type Execution, type RuleState } from '../deployed-rule';

/** What a server tells of a watch that it has. */
interface Stored {
  readonly watch: JsonRecord;
  readonly active: boolean;
  readonly seqNo: number | undefined;
  readonly primaryTerm: number | undefined;
}

/** A watch with a mark of ours, of whatever namespace. */
interface Marked {
  readonly id: string;
  readonly body: JsonRecord;
  /** What Watcher says of its runs. */
  readonly status: estypes.WatcherWatchStatus | undefined;
}

const PAGE = 100;

/** The rules as watches of Elasticsearch's Watcher. */
export const watch: Kind = {
  name: 'watch',

  async desired(scope, content) {
    const subFields = await subFieldsFor(scope, content);
    return content.rules.map((rule) => desiredWatch(rule, { ...scope, subFields }, content));
  },

  async list({ cluster, namespace }, ids) {
    const marked = await findMarked(cluster);
    const found = marked.map(({ id, body }): Live => live(id, body, namespace));
    for (const id of ids.filter((each) => !found.some((there) => there.id === each))) {
      const stored = await readWatch(cluster, id);
      if (stored !== undefined) found.push(live(id, stored.watch, namespace));
    }
    return found;
  },

  async put({ cluster, namespace }, { id, body }) {
    // Without the actions of others: they may hold secrets, which a server gives in no form that it tries again.
    await checkWatch(cluster, body);
    // Only now, and put at once: each run of a watch writes its status into it, which counts as a change.
    const there = await readWatch(cluster, id);
    if (there !== undefined && namespaceOfWatch(id, there.watch) !== namespace) {
      throw changed(cluster, id, 'the watch is not ours (any more)');
    }
    await store(
      cluster,
      id,
      withWatchMark(id, namespace, there === undefined ? body : merged(body, there.watch)),
      there,
    );
  },

  async remove({ cluster }, id) {
    await cluster.client.watcher.deleteWatch({ id }, { ignore: [404] });
  },

  normalize: normalizeWatch,
  refs: () => [],

  async mark({ cluster, namespace }, { id }) {
    const there = await readWatch(cluster, id);
    if (there === undefined) throw changed(cluster, id, 'the watch is gone');
    await store(cluster, id, withWatchMark(id, namespace, there.watch), there);
  },

  openAlerts: ({ cluster, namespace }, id) => openAlertsOf(cluster, namespace, uuidOfWatch(id, namespace)),
};

/** The namespaces with watches of ours; none where no watch can be seen from here. */
export async function namespacesOfWatches(cluster: Cluster): Promise<Set<string>> {
  if (cluster.product !== 'elasticsearch') return new Set();
  const marked = await findMarked(cluster, [400, 403, 404, 405, 410]);
  return new Set(marked.flatMap(({ id, body }) => namespaceOfWatch(id, body) ?? []));
}

/** The watches of a namespace, with what Watcher says of their runs. */
async function watchesOf({ cluster, namespace }: Scope): Promise<readonly Marked[]> {
  return (await findMarked(cluster)).filter(({ id, body }) => namespaceOfWatch(id, body) === namespace);
}

function live(id: string, body: JsonRecord, namespace: string): Live {
  const { metadata } = body;
  const { name, digest } = isRecord(metadata) ? metadata : {};
  return {
    id,
    title: typeof name === 'string' ? name : undefined,
    body,
    ours: namespaceOfWatch(id, body) === namespace,
    digest: typeof digest === 'string' ? digest : undefined,
  };
}

/** What we decide, and what others added: their actions, a throttle period, metadata. */
function merged(body: JsonRecord, there: JsonRecord): JsonRecord {
  const metadata = { ...(isRecord(there.metadata) ? there.metadata : {}), ...(body.metadata as JsonRecord) };
  return { ...there, ...body, metadata, actions: { ...othersActions(there), ...(body.actions as JsonRecord) } };
}

async function readWatch(cluster: Cluster, id: string): Promise<Stored | undefined> {
  const { watch: found, status, ...answer } = await cluster.client.watcher.getWatch({ id }, { ignore: [404] });
  if (found === undefined) return undefined;
  const { _seq_no: seqNo, _primary_term: primaryTerm } = answer;
  return { watch: { ...found }, active: status?.state.active !== false, seqNo, primaryTerm };
}

async function findMarked(cluster: Cluster, ignore = [404]): Promise<Marked[]> {
  const found = new Map<string, Marked>();
  for (let from = 0; ; from += PAGE) {
    // Mapped as text: the words of the mark are looked for, and the mark itself by us.
    const query = { match: { 'metadata.managed_by': { query: MANAGED_BY, operator: 'and' as const } } };
    const { statusCode, body } = await cluster.client.watcher.queryWatches(
      { from, size: PAGE, query },
      { ignore, meta: true },
    );
    const watches = statusCode === 200 ? body.watches : [];
    for (const { _id: id, watch: one, status: ran } of watches) {
      if (one !== undefined) found.set(id, { id, body: { ...one }, status: ran });
    }
    if (watches.length === 0 || from + watches.length >= body.count) break;
  }
  return [...found.values()].filter(({ id, body }) => namespaceOfWatch(id, body) !== undefined);
}

/** Creates, or replaces exactly what was read; a paused watch stays paused. */
async function store(cluster: Cluster, id: string, body: JsonRecord, there: Stored | undefined): Promise<void> {
  const guard =
    there?.seqNo === undefined || there.primaryTerm === undefined
      ? {}
      : { if_seq_no: there.seqNo, if_primary_term: there.primaryTerm };
  const active = there?.active === false ? { active: false } : {};
  const { statusCode } = await cluster.client.watcher.putWatch(
    { id, ...guard, ...active, body: untyped(body) },
    { ignore: [409], meta: true },
  );
  if (statusCode === 409) throw changed(cluster, id, 'somebody changed the watch in this very moment');
}

function changed({ url }: Cluster, id: string, message: string): ProblemError {
  return new ProblemError('REFUSED', [
    { where: { url: `${url}/_watcher/watch/${encodeURIComponent(id)}` }, message, hint: 'Run plan again.' },
  ]);
}

/**
 * How our watches are doing.
 * @param now milliseconds since 1970
 */
export async function watchRuleStates(scope: Scope, now: number): Promise<RuleState[]> {
  const found = await watchesOf(scope);
  return found.map(({ id, body, status }) => {
    const enabled = status?.state.active !== false;
    const metadata = isRecord(body.metadata) ? body.metadata : {};
    return {
      uuid: uuidOfWatch(id, scope.namespace),
      name: String(metadata.name),
      version: Number(metadata.version),
      scheduler: 'watcher',
      space: null,
      ...cadenceOf({ interval: intervalOf(body), enabled, execution: executionOf(status) }, now),
    };
  });
}

function intervalOf({ trigger }: JsonRecord): string | null {
  const schedule = isRecord(trigger) ? trigger.schedule : undefined;
  return isRecord(schedule) && typeof schedule.interval === 'string' ? schedule.interval : null;
}

/** `last_checked` and `execution_state` of the watch's status; a watch that never ran has neither. */
function executionOf(status: estypes.WatcherWatchStatus | undefined): Execution | null {
  if (status?.last_checked === undefined) return null;
  const at = new Date(status.last_checked).toISOString();
  // A watch whose alerts cannot be written counts as executed all the same.
  const { successful = true, reason = '' } = status.actions[OUR_ACTION]?.last_execution ?? {};
  if (!successful) return { at, result: 'failed', message: reason, gap: 0 };
  return { at, result: status.execution_state ?? 'unknown', message: '', gap: 0 };
}
