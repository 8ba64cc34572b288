import type { JsonRecord } from '../../json';
import { askAlerting, seesAlerting } from './plugin';
import type { Desired, Kind } from '../../resources/kind';
import { monitorsOf, ourMonitors } from './find-monitors';
import { openAlerts } from './plugin-alerts';
import { isLeft, monitorMark, ownerOf, ruleOf, withMonitorMark } from './monitor-ownership';

/*
 * Monitors of rules that moved to another scheduler. Alerts without their monitor can be acknowledged by nobody (see `deleteMonitor`);
 * those of a monitor that is switched off the plugin leaves alone (moveAlerts and postIndex of the plugin). So a monitor with open
 * alerts stays, switched off and marked as left, until somebody has looked at them.
 */

/** The monitors of rules that leave: switched off where alerts of theirs are open, deleted where none is. */
export function leavingMonitors(monitors: Kind): Kind {
  return {
    ...monitors,

    async desired({ cluster, namespace }) {
      const wanted: Desired[] = [];
      for (const { id, monitor: live } of await ourMonitors(cluster)) {
        const owner = ownerOf(live);
        if (owner?.namespace !== namespace || wanted.some((each) => each.id === owner.id)) continue;
        if ((await openAlerts(cluster, id)) > 0) {
          wanted.push({ id: owner.id, title: String(live.name), body: asLeft(live, owner) });
        }
      }
      return wanted;
    },

    async put({ cluster, namespace }, { id }) {
      for (const found of await monitorsOf(cluster, namespace, id)) {
        await askAlerting(cluster, {
          method: 'PUT',
          path: `/${encodeURIComponent(found.id)}`,
          query: { if_seq_no: found.seqNo, if_primary_term: found.primaryTerm },
          body: asLeft(found.monitor, { id, namespace }),
        });
      }
    },

    normalize: (body) => ({ enabled: body.enabled !== false, left: isLeft(body) }),
    unchanged: (_desired, live) => isLeft(live.body),
  };
}

/** What was left in OpenSearch Alerting, seen from another scheduler: nothing there is wanted any more. */
export function retiredMonitors(monitors: Kind): Kind {
  return {
    ...monitors,
    desired: () => Promise.resolve([]),

    async list(scope) {
      if (!(await seesAlerting(scope.cluster))) return [];
      return (await monitors.list(scope, [])).filter(({ body }) => isLeft(body));
    },
  };
}

function asLeft(live: JsonRecord, owner: { id: string; namespace: string }): JsonRecord {
  const { digest = '' } = monitorMark(live) ?? {};
  return withMonitorMark({ ...live, enabled: false }, { ...owner, digest }, { rule: ruleOf(live), left: true });
}
