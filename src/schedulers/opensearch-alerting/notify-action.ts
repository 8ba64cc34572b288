import type { JsonRecord } from '../../json';
import { threatOf } from '../../detections/attack';
import { type Rule, severityOf } from '../../detections/rule';
import { MANAGED_BY } from '../../resources/ownership';

/** The id of the action that is ours; others on the same trigger are the analyst's. */
export const ACTION_ID = `${MANAGED_BY}-notify`;

/**
 * Tells a notification channel of new alerts, once each. The plugin turns to one message for all when a run has more than
 * 50 (`plugins.alerting.max_actionable_alert_count`); so the message is a list in either case.
 *
 * It is JSON, whatever the events hold: what the rule says is written as JSON here, its braces escaped so that no template
 * begins there, and what the plugin fills in goes through `{{…}}`, which Mustache in OpenSearch writes as the inside of a
 * JSON string. Keys of a group come with commas between them, cut by nothing: to be read by people.
 * @param channel the id of a configuration of the notifications plugin
 */
export function notifyAction(rule: Rule, channel: string): JsonRecord {
  const { tactic, technique } = threatOf(rule);
  const { score } = rule.risk;
  const known = {
    rule: { uuid: rule.uuid, name: rule.name, version: rule.version },
    risk_score: score,
    severity: severityOf(score).word,
  };
  const head = templateFree({ ...known, threat: { tactic: tactic.id, technique: technique.id } });
  const message = `${head.slice(0, -1)},"monitor":"{{ctx.monitor._id}}","period_end":"{{ctx.periodEnd}}","alerts":[${ALERTS}]}`;
  return {
    id: ACTION_ID,
    name: 'wmi-detections: tell of new alerts',
    destination_id: channel,
    subject_template: { lang: 'mustache', source: `wmi-detections: ${unbraced(rule.name)}` },
    message_template: { lang: 'mustache', source: message },
    throttle_enabled: false,
    action_execution_policy: { action_execution_scope: { per_alert: { actionable_alerts: ['NEW'] } } },
  };
}

/** Mustache knows no last item, and JSON no comma after it: the list ends with a null. */
const ALERTS = '{{#ctx.newAlerts}}{"id":"{{id}}","keys":"{{bucket_keys}}"},{{/ctx.newAlerts}}null';

/** JSON in which nothing is taken for a template. */
function templateFree(value: object): string {
  return JSON.stringify(value).replaceAll(/\{(?=\{)/g, '\\u007b');
}

function unbraced(text: string): string {
  return text.replaceAll(/\{(?=\{)/g, '{ ');
}
