import { isRecord, type JsonRecord } from '../../json';
import { parseDuration } from '../../text/duration';
import { MANAGED_BY } from '../../resources/ownership';
import { MANAGED_TAG, withoutSetupMark } from './rule-ownership';
import { listOf, recordsOf } from '../../lists';

/**
 * A rule of Kibana in the words of a rule file, so that a difference reads like one of the file; only what the file decides.
 * What the server adds (ids, times, revision, defaults, empty lists) and what is the analyst's (other exception lists,
 * suppression; enabled and actions, where the file does not declare them) is not in it.
 * @param wanted the body of the file that a rule of Kibana is compared with
 */
export function normalizeRule(body: JsonRecord, wanted: JsonRecord = body): JsonRecord {
  const { from, interval, investigation_fields: investigation, query, setup } = body;
  return filled({
    title: body.name,
    description: body.description,
    license: body.license,
    references: body.references,
    author: body.author,
    tags: listOf(body.tags)
      .filter((tag) => tag !== MANAGED_TAG)
      .map(String)
      .sort(),
    threat: listOf(body.threat).map(deepFilled),
    fields: isRecord(investigation) ? investigation.field_names : undefined,
    falsepositives: body.false_positives,
    severity: body.severity,
    query: filled({
      type: body.type,
      index: body.index,
      text: typeof query === 'string' ? query.trim() : query,
    }),
    required_fields: listOf(body.required_fields)
      .filter(isRecord)
      .map(({ name, type }) => ({ name, type })),
    related_integrations: listOf(body.related_integrations).map(deepFilled),
    exceptions: ourLists(body).sort(),
    wmi_detections: filled({
      version: body.version,
      risk: { score: body.risk_score },
      schedule: filled({ interval: span(interval), lookback: span(from), until: body.to }),
      setup: typeof setup === 'string' ? withoutSetupMark(setup).trim() : undefined,
      triage: typeof body.note === 'string' ? body.note.trim() : undefined,
      most_alerts: body.max_signals,
      timestamp_override: body.timestamp_override,
      kibana: deepFilled(declaredOf(body, wanted)),
    }),
  });
}

/** `list_id`s of our own lists that a rule refers to. */
export function ourLists({ exceptions_list: lists }: JsonRecord): string[] {
  return listOf(lists)
    .filter(isRecord)
    .map(({ list_id: id }) => id)
    .filter((id): id is string => typeof id === 'string' && id.startsWith(`${MANAGED_BY}:`));
}

/** `now-1h`, `now-3600s`, `60m` and `1h` are the same span: it is written in the largest unit that it is whole in. */
function span(written: unknown): unknown {
  if (typeof written !== 'string') return written;
  const milliseconds = parseDuration(written.replace(/^now-/, ''));
  if (milliseconds === undefined) return written;
  const [unit, length] = UNITS.find((each) => milliseconds % each[1] === 0) ?? ['s', 1_000];
  return `${milliseconds / length}${unit}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
];

/** Without members that say nothing: a server leaves them out or writes its default. */
function filled(body: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => !isEmpty(value)));
}

function deepFilled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepFilled);
  if (!isRecord(value)) return value;
  return filled(Object.fromEntries(Object.entries(value).map(([key, member]) => [key, deepFilled(member)])));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

/**
 * What the file of a rule may declare, and an analyst decides where it does not:
 *
 *                           | in the file        | not in the file
 *   ------------------------|--------------------|-----------------------------------------------
 *   `enabled`               | kept in step       | the analyst's; a new rule is enabled
 *   `actions`, all of them  | kept in step       | the analyst's
 *   a member of one of them | kept in step       | as it is in Kibana, which adds `uuid` and `frequency` of its own
 */
const OF_AN_ACTION = ['group', 'frequency', 'alerts_filter', 'uuid'];

/** What Kibana takes an action without a group for. */
const USUAL_GROUP = 'default';

/**
 * Of a rule in Kibana what the file declares, to be compared with it.
 * @param wanted the body of the file
 */
function declaredOf(body: JsonRecord, wanted: JsonRecord): JsonRecord {
  return {
    ...('enabled' in wanted && { enabled: body.enabled }),
    ...('actions' in wanted && { actions: declaredActions(body, wanted) }),
  };
}

/** The actions of the file, each with what it does not say as it is on the rule that is there. */
export function actionsToSend(wanted: JsonRecord, live: JsonRecord): JsonRecord[] {
  const pairs = pairsOf(live, wanted);
  return actionsOf(wanted).map((action) => {
    const [there = {}] = pairs.find(([, own]) => own === action) ?? [];
    const kept = OF_AN_ACTION.filter((key) => !(key in action) && there[key] !== undefined && there[key] !== null);
    return { ...action, ...Object.fromEntries(kept.map((key) => [key, there[key]])) };
  });
}

function declaredActions(body: JsonRecord, wanted: JsonRecord): JsonRecord[] {
  return pairsOf(body, wanted).map(([action, own]) =>
    Object.fromEntries(
      Object.entries(action).filter(([key]) =>
        own === undefined ? key !== 'uuid' : !OF_AN_ACTION.includes(key) || key in own,
      ),
    ),
  );
}

/** Each action of a rule with that of the file which it is; one that an analyst added stands alone. */
function pairsOf(body: JsonRecord, wanted: JsonRecord): [JsonRecord, JsonRecord | undefined][] {
  const left = [...actionsOf(wanted)];
  return actionsOf(body).map((action) => {
    const found = left.findIndex((own) => isSame(own, action));
    return [action, found < 0 ? undefined : left.splice(found, 1)[0]];
  });
}

/** Two actions of one connector in one group: Kibana gives them back in the order in which it got them. */
function isSame(own: JsonRecord, action: JsonRecord): boolean {
  if (own.uuid !== undefined) return own.uuid === action.uuid;
  const [one, other] = [own, action].map(({ action_type_id: type, id, group = USUAL_GROUP }) =>
    [type, id, group].join(),
  );
  return one === other;
}

function actionsOf({ actions }: JsonRecord): readonly JsonRecord[] {
  return recordsOf(actions);
}
