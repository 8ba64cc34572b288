import { ProblemError, type Problem } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import { stateIndex } from '../../detections/indices';
import { askAlerting } from './plugin';
import { type Cluster } from '../../cluster/cluster';
import type { Content, Kind, Live, Desired, Scope } from '../../resources/kind';
import { deleteMonitor } from './acknowledge-alerts';
import { ACTION_ID } from './notify-action';
import { desiredMonitor } from './monitor-body';
import { normalizedDigest, normalizeMonitor } from './normalize-monitor';
import { subFieldsFor } from '../../visibility/fields';
import { dryRun, prove } from './execute-monitor';
import { monitorsOf, ourMonitors, takenOver, type Found } from './find-monitors';
import { openAlerts, proofOf } from './plugin-alerts';
import { isLeft, isStoredAs, monitorMark, ownerOf, triggerOf, withMonitorMark } from './monitor-ownership';
import { digestOf } from '../../resources/ownership';
import { recordsOf } from '../../lists';

/** The rules as monitors of OpenSearch Alerting. A plan knows a monitor by its rule's UUID. `channel` is told of new alerts. */
export function monitorKind(channel?: string): Kind {
  return {
    name: 'monitor',

    async desired(scope, content) {
      const subFields = await subFieldsFor(scope, content);
      return desiredMonitors({ ...scope, subFields }, content, channel);
    },

    async list({ cluster, namespace }, ids) {
      const ours = new Map<string, Found[]>();
      for (const found of await ourMonitors(cluster)) {
        const owner = ownerOf(found.monitor);
        if (owner?.namespace === namespace) ours.set(owner.id, [...(ours.get(owner.id) ?? []), found]);
      }
      const missing = ids.filter((id) => !ours.has(id));
      const foreign = await takenOver(cluster, namespace, missing);
      return [
        ...[...ours].map(([id, found]) => liveOf(id, found, true)),
        ...foreign.map((found) => liveOf(String(triggerOf(found.monitor).id), [found], false)),
      ];
    },

    async put({ cluster, namespace }, desired) {
      await makeReadable(cluster, namespace);
      const [live, ...copies] = await monitorsOf(cluster, namespace, desired.id);
      const { rule, ...body } = desired.body;
      const mark = { id: desired.id, namespace, digest: digestOf('monitor', desired.id, desired.body) };
      const wanted = withMonitorMark(withAnalysts(body, live?.monitor), mark, { rule });
      await dryRun(cluster, wanted);
      let stored = await write(cluster, wanted, live);
      if (normalizedDigest(stored.monitor) !== normalizedDigest(desired.body)) {
        // This server rewrites something that we do not know of: what it made of it is what a later plan compares with.
        const known = { rule, stored: normalizedDigest(stored.monitor) };
        stored = await write(cluster, withMonitorMark(wanted, mark, known), stored);
      }
      for (const { id } of copies) await deleteMonitor(cluster, id);
      if (stored.monitor.enabled !== false) await prove(cluster, stored);
    },

    async remove({ cluster, namespace }, rule) {
      for (const { id } of await monitorsOf(cluster, namespace, rule)) await deleteMonitor(cluster, id);
    },

    normalize: normalizeMonitor,
    refs: () => [],
    mark: markMonitor,

    /** Those that are switched off are not asked for. */
    async unproven({ cluster, namespace }) {
      const unproven: Pick<Live, 'id' | 'title'>[] = [];
      for (const found of await ourMonitors(cluster)) {
        const owner = ownerOf(found.monitor);
        if (owner?.namespace !== namespace || found.monitor.enabled === false) continue;
        if ((await proofOf(cluster, found)) === 'proven') continue;
        unproven.push({ id: owner.id, title: String(found.monitor.name) });
      }
      return unproven;
    },

    async openAlerts({ cluster, namespace }, rule) {
      let open = 0;
      for (const { id } of await monitorsOf(cluster, namespace, rule)) open += await openAlerts(cluster, id);
      return open;
    },

    onDelete: 'They are acknowledged first.',

    unchanged(desired, live) {
      const sameContent = monitorMark(live.body)?.digest === digestOf('monitor', desired.id, desired.body);
      const stored = normalizedDigest(live.body);
      return sameContent && (stored === normalizedDigest(desired.body) || isStoredAs(live.body, stored));
    },
  };
}

/** @throws ProblemError RULE_INVALID with every rule that cannot be expressed as a monitor */
function desiredMonitors(scope: Scope, content: Content, channel: string | undefined): Desired[] {
  const problems: Problem[] = [];
  const monitors = content.rules.flatMap((rule): Desired[] => {
    try {
      return [desiredMonitor(scope, content, rule, channel)];
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'RULE_INVALID') throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ProblemError('RULE_INVALID', problems);
  return monitors;
}

/** @param found never empty; what comes after the first was made by accident, and alerts a second time */
function liveOf(id: string, found: readonly Found[], ours: boolean): Live {
  const [first, ...others] = found;
  const body = { ...first?.monitor, ...(others.length > 0 && { copies: others.map((each) => each.id) }) };
  const digest = first && monitorMark(first.monitor)?.digest;
  return { id, title: String(first?.monitor.name), body, ours, digest };
}

/** With what an analyst may have set on the monitor that is there: whether it runs, and actions of their own. One that we left runs again. */
function withAnalysts(body: JsonRecord, live: JsonRecord | undefined): JsonRecord {
  const trigger = triggerOf(body);
  const theirs = recordsOf(live === undefined ? [] : triggerOf(live).actions).filter(
    (action) => action.id !== ACTION_ID,
  );
  const actions = [...recordsOf(trigger.actions), ...theirs];
  const enabled = live === undefined || live.enabled !== false || isLeft(live);
  return { ...body, enabled, triggers: [{ bucket_level_trigger: { ...trigger, actions } }] };
}

/** Creates a monitor, or replaces exactly the version that was read. */
async function write(cluster: Cluster, body: JsonRecord, live: Found | undefined): Promise<Found> {
  const replaced = live !== undefined && {
    path: `/${encodeURIComponent(live.id)}`,
    query: { if_seq_no: live.seqNo, if_primary_term: live.primaryTerm },
  };
  const asked = { method: live === undefined ? 'POST' : 'PUT', path: '', body, ...replaced } as const;
  const answer = (await askAlerting<JsonRecord>(cluster, asked)).body;
  const { _id: id, _seq_no: seqNo, _primary_term: primaryTerm, monitor: stored } = answer;
  if (typeof id === 'string' && isRecord(stored)) {
    return { id, seqNo: Number(seqNo), primaryTerm: Number(primaryTerm), monitor: stored };
  }
  throw new ProblemError('REFUSED', [{ where: { url: cluster.url }, message: 'the answer names no stored monitor' }]);
}

/** The index that a monitor can always read; see `monitorBody`. */
async function makeReadable(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.client.indices.create({ index: stateIndex(namespace) }, { ignore: [400] });
}

/**
 * Puts our mark and our name on the monitor that runs a rule of ours under another name, and leaves everything else in it as
 * it is: the name is a part of the mark.
 * @throws ProblemError REFUSED when there is no such monitor, or more than one
 */
async function markMonitor({ cluster, namespace }: Scope, { id, body }: Desired): Promise<void> {
  const [found, ...more] = await takenOver(cluster, namespace, [id]);
  if (found === undefined || more.length > 0) {
    const names = [found, ...more].map((each) => `“${String(each?.monitor.name)}”`).join(', ');
    const message = found === undefined ? 'the monitor is gone' : `several monitors run this rule: ${names}`;
    const hint = found === undefined ? 'Run plan again.' : 'Delete all but one of them, then adopt that one.';
    throw new ProblemError('REFUSED', [{ where: { url: cluster.url }, message, hint }]);
  }
  const mark = { id, namespace, digest: '' };
  await askAlerting(cluster, {
    method: 'PUT',
    path: `/${encodeURIComponent(found.id)}`,
    query: { if_seq_no: found.seqNo, if_primary_term: found.primaryTerm },
    body: { ...withMonitorMark(found.monitor, mark), name: body.name },
  });
}
