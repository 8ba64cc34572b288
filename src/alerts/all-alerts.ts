import type { Rule } from '../detections/rule';
import { alertIndexStore } from '../schedulers/alert-index-store';
import { mergeAlerts, type Alert, type AlertsOptions } from '../schedulers/alert-index-search';
import type { AlertStore, ScheduledScope } from '../schedulers/scheduler';
import type { Problem } from '../errors';
import { escapeForTerminal } from '../text/escape';

/** An alert, and who keeps what an analyst makes of it. */
export interface KeptAlert {
  readonly alert: Alert;
  readonly store: AlertStore;
  /** The same alert as the scheduler keeps it, where the alert index has it as well. */
  readonly twin?: KeptAlert | undefined;
}

interface AllAlerts {
  /** Newest first. */
  readonly kept: readonly KeptAlert[];
  /** What cannot be shown as an alert, a sentence each: runs that failed, alerts of a rule that nobody knows. */
  readonly notes: readonly string[];
}

/**
 * The alerts of a namespace that are wanted, whatever keeps them: the alert index, and the scheduler of the scope where that
 * keeps its own. What stands in both is as the alert index has it.
 * @param rules those of the content
 */
export async function allAlerts(
  scope: ScheduledScope,
  rules: readonly Rule[],
  options: AlertsOptions,
): Promise<AllAlerts> {
  const { cluster, namespace, scheduler } = scope;
  const index = alertIndexStore(cluster, namespace);
  const own = scheduler.keepsAlerts ? scheduler.alerts(scope, rules) : undefined;
  const others = await own?.list(options);
  const stored = (await index.list(options)).alerts;
  const both = await mergeAlerts(cluster, stored, others?.alerts ?? [], options);
  const inIndex = new Set(stored);
  const twins = new Map(others?.alerts.map((alert) => [alert._id, alert]));
  return {
    kept: both.map((alert): KeptAlert => {
      if (own === undefined || !inIndex.has(alert)) return { alert, store: own ?? index };
      const twin = twins.get(alert._id);
      return { alert, store: index, twin: twin && { alert: twin, store: own } };
    }),
    notes: others?.notes ?? [],
  };
}

/** With fewer characters a slip would name some other alert, as in git. */
const SHORTEST = 4;
/** So many of the alerts that a beginning may mean are named. */
const MOST_NAMED = 5;

const HINT = '`alerts --with-ids` shows the ids; the beginning of one is enough where no other begins so.';

/**
 * The alerts that somebody named, each once, in that order.
 * @param among every alert that any of the words may mean, and what could not be shown as one
 * @param words ids, or their beginnings of four characters or more
 * @returns what is wrong with the others, too
 */
export function chosenAlerts(
  { kept: among, notes }: AllAlerts,
  words: readonly string[],
): { readonly chosen: readonly KeptAlert[]; readonly problems: readonly Problem[] } {
  const chosen = new Set<KeptAlert>();
  const problems: Problem[] = [];
  let isUnknown = false;
  if (words.length === 0) problems.push({ message: 'no alert is named', hint: `Give ids. ${HINT}` });
  for (const word of new Set(words)) {
    const exact = among.filter(({ alert }) => alert._id === word);
    const found = exact.length > 0 ? exact : among.filter(({ alert }) => alert._id.startsWith(word));
    const [only, ...more] = found;
    if (word.length < SHORTEST) {
      problems.push({
        message: `"${word}" is too short for an id: ${SHORTEST} characters or more are needed`,
        hint: HINT,
      });
    } else if (only === undefined) {
      problems.push({ message: `there is no alert "${word}"`, hint: HINT });
      isUnknown = true;
    } else if (more.length > 0) {
      const named = found.map(({ alert }) => alert._id.slice(0, word.length + 8)).sort();
      const others = found.length > MOST_NAMED ? `, and ${found.length - MOST_NAMED} more` : '';
      problems.push({
        message: `"${word}" is the beginning of ${found.length} ids: ${named.slice(0, MOST_NAMED).join(', ')}${others}`,
        hint: 'Give more of it.',
      });
    } else chosen.add(only);
  }
  // What a note tells of may be the alert that was meant.
  if (isUnknown) problems.push(...notes.map((note) => ({ message: escapeForTerminal(note) })));
  return { chosen: [...chosen], problems };
}
