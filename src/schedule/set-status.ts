import { ProblemError, type Problem } from '../errors';
import type { Scope } from '../resources/kind';
import { textAt } from '../rules/group';
import type { Rule } from '../rules/rule';
import { chosenAlerts } from './alert-ids';
import type { AlertStatus } from './alert-filter';
import type { Alert, AlertsOptions } from './alerts';
import { allAlerts } from './all-alerts';
import type { Keeper, StatusChange } from './keeper';

export interface StatusResult {
  readonly status: AlertStatus;
  /** As they were before. */
  readonly changed: readonly Alert[];
  /** Those that had the status already; nothing was written for them. */
  readonly unchanged: readonly Alert[];
}

/**
 * Gives alerts the status that an analyst wants, whatever keeps them. Said twice it is done once.
 * @param options `ids`: ids or their beginnings; what else it says narrows down where they are looked for
 * @throws ProblemError USAGE, before anything is changed, with every id that is no alert's or more than one's; REFUSED likewise
 *   with every alert whose keeper cannot do that; REFUSED also when somebody else was quicker
 */
export async function setStatus(
  scope: Scope,
  rules: readonly Rule[],
  options: AlertsOptions & { readonly ids: readonly string[] },
  change: StatusChange,
): Promise<StatusResult> {
  const { chosen, problems } = chosenAlerts(await allAlerts(scope, rules, options), options.ids);
  const { status } = change;
  const isSo = ({ alert }: { alert: Alert }): boolean => textAt(alert, 'wmi_detections.status') === status;
  const changing = chosen.filter((each) => !isSo(each));
  const refused = changing.flatMap(({ alert, keeper }): Problem[] => {
    const why = keeper.refusal(alert, status);
    return why === undefined ? [] : [{ message: `alert ${alert._id} cannot be ${WORDS[status]}: ${why}` }];
  });
  if (problems.length + refused.length > 0) {
    throw new ProblemError(problems.length > 0 ? 'USAGE' : 'REFUSED', [...problems, ...refused]);
  }
  const keepers = new Map<Keeper, Alert[]>();
  for (const { alert, keeper } of changing) keepers.set(keeper, [...(keepers.get(keeper) ?? []), alert]);
  for (const [keeper, alerts] of keepers) await keeper.setStatus(alerts, change);
  return {
    status,
    changed: changing.map(({ alert }) => alert),
    unchanged: chosen.filter(isSo).map(({ alert }) => alert),
  };
}

const WORDS: Readonly<Record<AlertStatus, string>> = {
  open: 'reopened',
  acknowledged: 'acknowledged',
  closed: 'closed',
};
