import { textAt } from '../json';
import { ProblemError, type Problem } from '../errors';
import type { ScheduledScope, AlertStore, StatusChange } from '../schedulers/scheduler';
import type { Rule } from '../detections/rule';
import { SCHEDULERS } from '../schedulers';
import { chosenAlerts, allAlerts, type KeptAlert } from './all-alerts';
import type { AlertStatus } from '../detections/alert-filter';
import type { Alert, AlertsOptions } from '../schedulers/alert-index-search';

export interface StatusResult {
  readonly status: AlertStatus;
  /** As they were before. */
  readonly changed: readonly Alert[];
  /** Those that had the status already; nothing was written for them. */
  readonly unchanged: readonly Alert[];
  /** Those that were on their way when somebody interrupted it: they may have the status or not. */
  readonly unsure: readonly Alert[];
  /** Those that an interruption left as they were. */
  readonly notBegun: readonly Alert[];
}

/**
 * Gives alerts the status that an analyst wants, whatever keeps them. Said twice it is done once.
 * @param options `ids`: ids or their beginnings; what else it says narrows down where they are looked for
 * @throws ProblemError USAGE, before anything is changed, with every id that is no alert's or more than one's; REFUSED likewise
 *   with every alert whose keeper cannot do that; REFUSED also when somebody else was quicker
 */
export async function setStatus(
  scope: ScheduledScope,
  rules: readonly Rule[],
  options: AlertsOptions & { readonly ids: readonly string[] },
  change: StatusChange,
): Promise<StatusResult> {
  const { chosen, problems } = chosenAlerts(await allAlerts(scope, rules, options), options.ids);
  const { status } = change;
  const isSo = ({ alert }: KeptAlert): boolean => textAt(alert, 'wmi_detections.status') === status;
  const changing = chosen.filter((each) => !isSo(each));
  const refused = changing.flatMap(({ alert, store }): Problem[] => {
    const why = store.refusal(alert, status);
    return why === undefined ? [] : [{ message: `alert ${alert._id} cannot be ${WORDS[status]}: ${why}` }];
  });
  if (problems.length + refused.length > 0) {
    throw new ProblemError(problems.length > 0 ? 'USAGE' : 'REFUSED', [...problems, ...refused]);
  }
  const lists = await changeAll(scope, changing, change);
  const twins = status === 'acknowledged' ? await twinsOf(scope, rules, options, chosen) : [];
  const settable = twins.filter((twin) => !isSo(twin) && twin.store.refusal(twin.alert, status) === undefined);
  await changeAll(scope, settable, change);
  return { status, ...lists, unchanged: chosen.filter(isSo).map(({ alert }) => alert) };
}

/**
 * The same alerts where another scheduler keeps them: what a move left there, or what the alert index had from before it. An
 * analyst who acknowledges an alert has looked at all of them.
 */
async function twinsOf(
  scope: ScheduledScope,
  rules: readonly Rule[],
  options: AlertsOptions,
  chosen: readonly KeptAlert[],
): Promise<KeptAlert[]> {
  const twins = chosen.flatMap(({ twin }) => twin ?? []);
  const ids = new Set(chosen.map(({ alert }) => alert._id));
  for (const other of Object.values(SCHEDULERS).filter(({ name }) => ids.size > 0 && name !== scope.scheduler.name)) {
    const store = await other.leftAlerts?.(scope, rules);
    const left = (await store?.list(options))?.alerts ?? [];
    if (store !== undefined) twins.push(...left.filter(({ _id }) => ids.has(_id)).map((alert) => ({ alert, store })));
  }
  return twins;
}

async function changeAll(
  scope: ScheduledScope,
  changing: readonly KeptAlert[],
  change: StatusChange,
): Promise<Record<Outcome, Alert[]>> {
  const byStore = new Map<AlertStore, Alert[]>();
  for (const { alert, store } of changing) byStore.set(store, [...(byStore.get(store) ?? []), alert]);
  const lists: Record<Outcome, Alert[]> = { changed: [], unsure: [], notBegun: [] };
  for (const [store, alerts] of byStore) {
    for (const batch of store.batches(alerts)) {
      const outcome = scope.cluster.signal?.aborted === true ? 'notBegun' : await changeBatch(store, batch, change);
      lists[outcome].push(...batch);
    }
  }
  return lists;
}

type Outcome = 'changed' | 'unsure' | 'notBegun';

async function changeBatch(store: AlertStore, batch: readonly Alert[], change: StatusChange): Promise<Outcome> {
  try {
    await store.setStatus(batch, change);
    return 'changed';
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'INTERRUPTED') return 'unsure';
    throw error;
  }
}

const WORDS: Readonly<Record<AlertStatus, string>> = {
  open: 'reopened',
  acknowledged: 'acknowledged',
  closed: 'closed',
};
