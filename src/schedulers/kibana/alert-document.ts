import { isRecord, textAt } from '../../json';
import type { Rule } from '../../detections/rule';
import { DEFAULT_SPACE } from '../../cluster/kibana';
import { alertOf } from '../alert-of-group';
import type { AlertStatus } from '../../detections/alert-filter';
import { ancestorsIn, type Alert } from '../alert-index-search';
import { sourceFields } from '../group-summary';
import type { Hit } from '../../detections/group';

const STATUS_OF: Readonly<Record<string, AlertStatus>> = {
  open: 'open',
  acknowledged: 'acknowledged',
  'in-progress': 'acknowledged',
  closed: 'closed',
};

/** The fields of an alert of Kibana that {@link alertOfKibana} reads. */
export function kibanaFields(rules: readonly Rule[]): string[] {
  const own = ['uuid', 'ancestors', 'original_time', 'risk_score', 'workflow_status', 'workflow_status_updated_at'];
  const named = ['rule_id', 'name', 'version'].map((field) => `rule.${field}`);
  return [
    ...[...own, ...named].map((field) => `kibana.alert.${field}`),
    ...new Set(rules.flatMap((rule) => sourceFields({ rule }))),
  ];
}

/**
 * An alert of the Detection Engine in the form of the local scheduler's (docs/design.md, "Alert document").
 *
 *   of the document                    | from the alert of Kibana
 *   -----------------------------------|---------------------------------------------------------------------
 *   _id, @timestamp                    | its own
 *   event.start, event.end             | kibana.alert.original_time
 *   event.risk_score, rule.name, …     | kibana.alert.*: as the rule was then
 *   wmi_detections.status              | kibana.alert.workflow_status
 *   wmi_detections.ancestors           | kibana.alert.ancestors
 *   wmi_detections.space               | where it stands, unless that is the default space
 *   everything else                    | the rule, and the fields of the event, which Kibana copies
 */
export function alertOfKibana(rule: Rule, space: string, { _id, _source: source = {} }: Hit): Alert {
  const of = (field: string): string | null => textAt(source, `kibana.alert.${field}`);
  const written = timeOf(textAt(source, '@timestamp')) ?? 0;
  const happened = timeOf(of('original_time')) ?? written;
  const summary = {
    group: { id: _id, day: '', values: rule.groupBy.map((field) => textAt(source, field)) },
    count: 1,
    first: happened,
    last: happened,
    source,
    ancestors: ancestorsIn(source['kibana.alert.ancestors']),
  };
  const { document } = alertOf(rule, summary, written);
  const [event, ours, named] = [document.event, document.wmi_detections, document.rule].map((part) =>
    isRecord(part) ? part : {},
  );
  const [score, name, version, changed] = ['risk_score', 'rule.name', 'rule.version', 'workflow_status_updated_at'].map(
    of,
  );
  return {
    _id,
    ...document,
    event: { ...event, ...(score != null && { risk_score: Number(score) }) },
    rule: { ...named, ...(name != null && { name }), ...(version != null && { version }) },
    wmi_detections: {
      ...ours,
      status: STATUS_OF[of('workflow_status') ?? ''] ?? 'open',
      ...(changed != null && { status_updated_at: changed }),
      scheduler: 'kibana',
      ...(space !== DEFAULT_SPACE && { space }),
    },
  };
}

function timeOf(text: string | null): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
