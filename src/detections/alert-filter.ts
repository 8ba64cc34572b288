import { textsAt, type JsonRecord } from '../json';

/** What an analyst has made of an alert. */
export type AlertStatus = 'open' | 'acknowledged' | 'closed';

/** Which alerts somebody wants to see; texts without regard to case, as the engine compares them. */
export interface AlertFilter {
  /** Ids, or the beginnings of ids; case counts. */
  readonly ids?: readonly string[] | undefined;
  /** UUID or name of a rule. */
  readonly rule?: string | undefined;
  /** `host.name` or `host.id`. */
  readonly host?: string | undefined;
  /** `user.name` or `user.id`, or the value of a user among the risk objects. */
  readonly user?: string | undefined;
  readonly status?: AlertStatus | undefined;
  /** Alerts with an event at or after this time; milliseconds since 1970. */
  readonly from?: number | undefined;
  /** Alerts with an event before this time; milliseconds since 1970. */
  readonly to?: number | undefined;
}

/** The fields that each word looks into. */
export const FILTER_FIELDS = {
  rule: ['rule.uuid', 'rule.name'],
  host: ['host.name', 'host.id'],
  user: ['user.name', 'user.id', 'wmi_detections.risk_objects.value'],
  status: ['wmi_detections.status'],
} as const;

/** Whether an alert document is one of those; what the engine does with {@link FILTER_FIELDS} in a search. */
export function isWanted(alert: JsonRecord, filter: AlertFilter): boolean {
  const texts = ['rule', 'host', 'user', 'status'] as const;
  const fits = texts.every((name) => {
    const wanted = filter[name]?.toLowerCase();
    const found = FILTER_FIELDS[name].flatMap((field) => textsAt(alert, field));
    return wanted === undefined || found.some((text) => text.toLowerCase() === wanted);
  });
  const named = filter.ids === undefined || filter.ids.some((id) => String(alert._id).startsWith(id));
  const [start, end] = ['event.start', 'event.end'].map((field) => Date.parse(textsAt(alert, field)[0] ?? ''));
  return named && fits && !(Number(end) < (filter.from ?? -Infinity)) && !(Number(start) >= (filter.to ?? Infinity));
}
