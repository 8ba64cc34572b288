import { canonicalJson, isRecord, sha256, type JsonRecord } from '../../json';
import { ACTION_ID } from './notify-action';
import { isMarkedLeft, ruleOf, triggerOf } from './monitor-ownership';
import { listOf } from '../../lists';

/**
 * A monitor in the form in which two are compared: what its rule decides, without what the server rewrites or adds (seen on
 * OpenSearch 3.4 and 3.8):
 *
 *   written                         | comes back as
 *   --------------------------------|--------------------------------------------------------------------
 *   {gte, lt, format}               | {from, to, include_lower, include_upper, format, boost: 1}
 *   {wildcard: {f: {value}}}        | {wildcard: {f: {wildcard, boost: 1}}}
 *   {regexp: {…, flags: NONE}}      | flags_value: 0, max_determinized_states: 10000, boost: 1
 *   minimum_should_match: 1         | "1"
 *   every clause                    | boost: 1; bool: adjust_pure_negative: true
 *   a source of a composite         | missing_bucket: false, order: asc
 *   filter: []                      | nothing
 *
 * `enabled`, actions that are not ours, and the rest of `ui_metadata` are the analyst's and not compared.
 * @param monitor as the server gave it, or as it should be, its rule beside it
 */
export function normalizeMonitor(monitor: JsonRecord): JsonRecord {
  const [input] = listOf(monitor.inputs);
  const search = isRecord(input) && isRecord(input.search) ? input.search : {};
  const { id, name, severity, condition, actions } = triggerOf(monitor);
  const rule = isRecord(monitor.rule) ? monitor.rule : ruleOf(monitor);
  const notify = listOf(actions).filter((action) => isRecord(action) && action.id === ACTION_ID);
  return {
    name: monitor.name,
    monitor_type: monitor.monitor_type,
    schedule: monitor.schedule,
    indices: search.indices,
    search: plain(search.query),
    triggers: listOf(monitor.triggers).length,
    trigger: { id, name, severity, condition },
    ...(notify.length > 0 && { notify: notify.map(plainAction) }),
    rule: rule === undefined ? null : { version: rule.version, digest: digestOfBody(rule) },
    ...(isRecord(monitor.ui_metadata) && { dashboards: isRecord(monitor.ui_metadata.schedule) }),
    ...(listOf(monitor.copies).length > 0 && { copies: monitor.copies }),
    ...(isMarkedLeft(monitor) && { left: true }),
  };
}

/** 16 hexadecimal digits of SHA-256 over the canonical form. */
export function normalizedDigest(monitor: JsonRecord): string {
  return digestOfBody(normalizeMonitor(monitor));
}

function digestOfBody(body: unknown): string {
  return sha256(canonicalJson(body)).slice(0, 16);
}

/** What the server writes where nothing is said. */
const DEFAULTS: JsonRecord = {
  boost: 1,
  adjust_pure_negative: true,
  max_determinized_states: 10_000,
  missing_bucket: false,
  order: 'asc',
};

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  const members = Object.entries(value).filter(([key, member]) => member !== DEFAULTS[key] && !isEmptyList(member));
  return Object.fromEntries(members.flatMap(([key, member]) => rewritten(key, member, value)));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** One member as it is written, whatever the server made of it. */
function rewritten(key: string, member: unknown, siblings: JsonRecord): [string, unknown][] {
  const bounded = 'include_lower' in siblings;
  if (bounded && (key === 'include_lower' || key === 'include_upper')) return [];
  if (bounded && key === 'from')
    return member === null ? [] : [[siblings.include_lower === true ? 'gte' : 'gt', member]];
  if (bounded && key === 'to') return member === null ? [] : [[siblings.include_upper === true ? 'lte' : 'lt', member]];
  if (key === 'wildcard' && typeof member === 'string') return [['value', member]];
  if (key === 'flags' && member === 'NONE') return [['flags_value', 0]];
  if (key === 'minimum_should_match') return [[key, String(member)]];
  return [[key, plain(member)]];
}

/** An action without what the server adds to it. */
function plainAction(action: unknown): unknown {
  if (!isRecord(action)) return action;
  const {
    id,
    destination_id,
    subject_template: subject,
    message_template: message,
    action_execution_policy: policy,
  } = action;
  return { id, destination_id, subject: sourceOf(subject), message: sourceOf(message), policy };
}

function sourceOf(template: unknown): unknown {
  return isRecord(template) ? template.source : undefined;
}
