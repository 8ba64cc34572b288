import type { Body } from '../../resources/kind';
import { recordsOf } from '../../lists';

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
export function declaredOf(body: Body, wanted: Body): Body {
  return {
    ...('enabled' in wanted && { enabled: body.enabled }),
    ...('actions' in wanted && { actions: declaredActions(body, wanted) }),
  };
}

/** The actions of the file, each with what it does not say as it is on the rule that is there. */
export function actionsToSend(wanted: Body, live: Body): Body[] {
  const pairs = pairsOf(live, wanted);
  return actionsOf(wanted).map((action) => {
    const [there = {}] = pairs.find(([, own]) => own === action) ?? [];
    const kept = OF_AN_ACTION.filter((key) => !(key in action) && there[key] !== undefined && there[key] !== null);
    return { ...action, ...Object.fromEntries(kept.map((key) => [key, there[key]])) };
  });
}

function declaredActions(body: Body, wanted: Body): Body[] {
  return pairsOf(body, wanted).map(([action, own]) =>
    Object.fromEntries(
      Object.entries(action).filter(([key]) =>
        own === undefined ? key !== 'uuid' : !OF_AN_ACTION.includes(key) || key in own,
      ),
    ),
  );
}

/** Each action of a rule with that of the file which it is; one that an analyst added stands alone. */
function pairsOf(body: Body, wanted: Body): [Body, Body | undefined][] {
  const left = [...actionsOf(wanted)];
  return actionsOf(body).map((action) => {
    const found = left.findIndex((own) => isSame(own, action));
    return [action, found < 0 ? undefined : left.splice(found, 1)[0]];
  });
}

/** Two actions of one connector in one group: Kibana gives them back in the order in which it got them. */
function isSame(own: Body, action: Body): boolean {
  if (own.uuid !== undefined) return own.uuid === action.uuid;
  const [one, other] = [own, action].map(({ action_type_id: type, id, group = USUAL_GROUP }) =>
    [type, id, group].join(),
  );
  return one === other;
}

function actionsOf({ actions }: Body): readonly Body[] {
  return recordsOf(actions);
}
