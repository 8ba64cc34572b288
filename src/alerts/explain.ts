import { ProblemError } from '../errors';
import type { ScheduledScope } from '../schedulers/scheduler';
import { fieldsOf } from '../sigma/condition';
import { evaluate, type Met } from '../sigma/compile/evaluate';
import { textAt, type JsonRecord } from '../json';
import { defaultIndices } from '../detections/indices';
import type { Rule } from '../detections/rule';
import type { Cluster } from '../cluster/cluster';
import { chosenAlerts, allAlerts } from './all-alerts';
import { ancestorsOf, type Alert } from '../schedulers/alert-index-search';
import type { Ancestor } from '../schedulers/group-summary';
import { findProcessRelatives, PROCESS_FIELDS, type ProcessRelatives } from './process-relatives';
import type { Hit } from '../detections/group';
import { mget } from '../cluster/mget';

/** Each takes a handful of small searches; so many alerts are explained at once. */
const AT_ONCE = 4;

/** An event of an alert, and what of it met the rule. */
export interface ExplainedEvent extends Hit {
  /** null where the rule is not known, or does not (any more) hold of the event. */
  readonly met: readonly Met[] | null;
}

export interface Explanation {
  readonly alert: Alert;
  /** What the rule says, as it is in the content; null where it is not there. */
  readonly rule: Pick<Rule, 'uuid' | 'name' | 'version' | 'triage' | 'references' | 'falsePositives'> | null;
  /** The alert's events that are still there, the earliest first. */
  readonly events: readonly ExplainedEvent[];
  /** Those that are not: deleted by retention, or by somebody. */
  readonly gone: readonly Ancestor[];
  /** `_source` of the first event, as far as it tells of its process; where no event is there any more, the alert itself. */
  readonly process: JsonRecord;
  /** What that process came from, and what it started. */
  readonly around: ProcessRelatives;
  /** What should be known of all this, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Why an alert is there: its events, which part of which field met what, the processes around it, and what to do about it.
 * @param rules those of the content
 * @param words one id, or its beginning
 * @throws ProblemError USAGE when that is not exactly one alert
 */
export async function explain(
  scope: ScheduledScope,
  rules: readonly Rule[],
  words: readonly string[],
): Promise<Explanation> {
  const { namespace } = scope;
  const among = await allAlerts(scope, rules, { namespace, ids: words });
  const { chosen, problems } = chosenAlerts(among, words);
  if (problems.length > 0) throw new ProblemError('USAGE', problems);
  const [first, ...more] = chosen;
  if (first === undefined || more.length > 0) {
    throw new ProblemError('USAGE', [{ message: 'explain takes one alert', hint: 'Name one id.' }]);
  }
  const explanation = await explainAlert(scope, rules, first.alert);
  return { ...explanation, notes: [...among.notes, ...explanation.notes] };
}

/**
 * Explains alerts that are known already, a few at a time.
 * @param onExplained called with the number of those that are done
 * @returns one for each, in the same order
 */
export async function explainAlerts(
  scope: ScheduledScope,
  rules: readonly Rule[],
  alerts: readonly Alert[],
  onExplained: (done: number) => void,
): Promise<Explanation[]> {
  const explanations: Explanation[] = [];
  const left = [...alerts.entries()];
  let done = 0;
  const some = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [place, alert] = next;
      explanations[place] = await explainAlert(scope, rules, alert);
      onExplained((done += 1));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, some));
  } finally {
    // Where one failed, the others do not go on.
    left.length = 0;
  }
  return explanations;
}

async function explainAlert(scope: ScheduledScope, rules: readonly Rule[], alert: Alert): Promise<Explanation> {
  const { cluster, namespace, indices = defaultIndices(namespace) } = scope;
  const rule = rules.find(({ uuid }) => uuid === textAt(alert, 'rule.uuid'));
  const ancestors = ancestorsOf(alert);
  const { there, gone } = await read(cluster, ancestors, rule);
  const events = there.map((hit): ExplainedEvent => {
    const met = rule === undefined ? undefined : evaluate(rule.condition, hit._source);
    return { ...hit, met: met ?? null };
  });
  // The alert itself names its process, where no event does any more.
  const process = events[0]?._source ?? { ...alert, '@timestamp': textAt(alert, 'event.start') };
  return {
    alert,
    rule: rule === undefined ? null : ruleOf(rule),
    events,
    gone,
    process,
    around: await findProcessRelatives(cluster, indices, process),
    notes: notesOn(alert, rule, events, ancestors),
  };
}

function ruleOf({ uuid, name, version, triage, references, falsePositives }: Rule): Explanation['rule'] {
  return { uuid, name, version, triage, references, falsePositives };
}

function notesOn(
  alert: Alert,
  rule: Rule | undefined,
  events: readonly ExplainedEvent[],
  ancestors: readonly Ancestor[],
): string[] {
  const notes: string[] = [];
  const version = textAt(alert, 'rule.version');
  const count = Number(textAt(alert, 'wmi_detections.count') ?? ancestors.length);
  if (rule === undefined)
    notes.push('The rule is not in the content here: name what it was deployed from with --content.');
  else if (version !== null && version !== String(rule.version)) {
    notes.push(
      `The alert is of version ${version} of the rule; what is said of conditions is by version ${rule.version}.`,
    );
  }
  if (rule !== undefined && events.some(({ met }) => met === null)) {
    notes.push('The rule as it is here does not hold of every event: it was changed since.');
  }
  if (ancestors.length === 0) notes.push('The alert does not name its events.');
  else if (count > ancestors.length) notes.push(`Of its ${count} events the alert names ${ancestors.length}.`);
  return notes;
}

/** By index and id: an index that is gone is an answer like a document that is. */
async function read(
  cluster: Cluster,
  ancestors: readonly Ancestor[],
  rule: Rule | undefined,
): Promise<{ there: Hit[]; gone: Ancestor[] }> {
  if (ancestors.length === 0) return { there: [], gone: [] };
  const includes = [...new Set([...PROCESS_FIELDS, ...(rule === undefined ? [] : fieldsOf(rule.condition))])];
  const docs = ancestors.map(({ index, id }) => ({ _index: index, _id: id, _source: includes }));
  const found = (await mget(cluster, { docs })).filter((doc) => doc.found);
  const known = new Set(found.map(({ _index, _id }) => `${_index}/${_id}`));
  return {
    there: found.map(({ _index, _id, _source = {} }) => ({ _index, _id, _source })),
    gone: ancestors.filter(({ index, id }) => !known.has(`${index}/${id}`)),
  };
}
