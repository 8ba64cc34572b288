import { isRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';
import type { Ran } from './alerting-run';
import { bucketTriggers, randomId, type Json } from './alerting-validate';

/** The part of the plugin's own mapping that matters: strict, but for what a bucket holds. */
const MAPPINGS = {
  dynamic: false,
  properties: {
    agg_alert_content: {
      dynamic: true,
      properties: { parent_bucket_path: { type: 'text' }, bucket_keys: { type: 'text' } },
    },
  },
};

/** As many open alerts of a monitor the plugin knows in a run; of the others it raises new ones. */
const MOST_LOADED = 500;

/** The alerts of a test's monitors, in an index of the real engine as well: what its mapping refuses is lost, silently. */
export class AlertStore {
  readonly alerts: Json[] = [];
  /** What was refused, as the engine said it; the plugin says it to nobody. */
  readonly lost: string[] = [];
  /** Lets the index refuse whatever comes. */
  refuse = false;
  private made: Promise<unknown> | undefined;
  private readonly index = `alerting-alerts-${randomId()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, 'x')}`;

  constructor(private readonly cluster: Cluster) {}

  /** A bucket that is there again is the same alert, one that is gone is over, a new one is a new alert. */
  async store(id: string, monitor: Json, ran: Ran, now: number): Promise<void> {
    for (const trigger of bucketTriggers(monitor)) {
      const result = ran.triggers[String(trigger.id)];
      if (result === undefined) continue;
      const open = this.alerts
        .filter(
          (alert) =>
            alert.monitor_id === id &&
            alert.trigger_id === trigger.id &&
            ['ACTIVE', 'ACKNOWLEDGED'].includes(String(alert.state)),
        )
        .slice(0, MOST_LOADED);
      const seen = new Set(result.buckets.map(keyOf));
      // A run that fails on a page stores what the pages before it had, and ends no alert.
      for (const alert of result.error === null ? open.filter((each) => !seen.has(identity(each))) : [])
        Object.assign(alert, { state: 'COMPLETED', end_time: now });
      for (const bucket of result.buckets) {
        const known = open.find((alert) => identity(alert) === keyOf(bucket));
        // Of a known alert only the bucket is new: not its times, nor the version of its monitor (getCategorizedAlertsForBucketLevelMonitor).
        if (known !== undefined) Object.assign(known, contentOf(bucket));
        else await this.add({ ...newAlert(id, monitor, trigger, now), ...contentOf(bucket) });
      }
    }
  }

  /** As the plugin does when a monitor is deleted: its search for the alerts has no size, so it gives ten. The others stay. */
  forget(monitor: string): void {
    const held = this.alerts.filter((each) => each.monitor_id === monitor && each.state !== 'COMPLETED');
    for (const alert of held.slice(0, 10)) alert.state = 'DELETED';
  }

  async close(): Promise<void> {
    await request(this.cluster, { method: 'DELETE', path: `/${this.index}`, allow: [404] });
  }

  private async add(alert: Json): Promise<void> {
    this.made ??= request(this.cluster, { method: 'PUT', path: `/${this.index}`, body: { mappings: MAPPINGS } });
    await this.made;
    if (this.refuse) {
      this.lost.push('refused');
      return;
    }
    const path = `/${this.index}/_doc/${String(alert.id)}`;
    const { status, body } = await request<Json>(this.cluster, { method: 'PUT', path, body: alert, allow: [400] });
    if (status >= 400) this.lost.push(JSON.stringify(body.error));
    else this.alerts.push(alert);
  }
}

/** As it stands in an alert, and in the answer to a run. */
export function contentOf(bucket: Json): Json {
  return { agg_alert_content: { parent_bucket_path: 'groups', bucket_keys: keysOf(bucket), bucket } };
}

function newAlert(id: string, monitor: Json, trigger: Json, now: number): Json {
  return {
    id: randomId(),
    version: 1,
    monitor_id: id,
    workflow_id: '',
    workflow_name: '',
    associated_alert_ids: [],
    schema_version: 5,
    monitor_version: 1,
    monitor_name: monitor.name,
    execution_id: `${id}_${now}`,
    trigger_id: trigger.id,
    trigger_name: trigger.name,
    finding_ids: [],
    related_doc_ids: [],
    state: 'ACTIVE',
    error_message: null,
    alert_history: [],
    severity: trigger.severity,
    action_execution_results: [],
    start_time: now,
    last_notification_time: now,
    end_time: null,
    acknowledged_time: null,
  };
}

/** In the order of a hash, not of the sources. */
export function keysOf({ key }: Json): string[] {
  return isRecord(key)
    ? Object.entries(key)
        .sort(([left], [right]) => (left < right ? 1 : -1))
        .map(([, value]) => String(value))
    : [String(key)];
}

function keyOf(bucket: Json): string {
  return keysOf(bucket).join('#');
}

function identity({ agg_alert_content: content }: Json): string {
  return ((content as Json).bucket_keys as string[]).join('#');
}
