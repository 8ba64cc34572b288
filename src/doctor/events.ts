import { blindSpotsOf, streamSpots } from '../plan/blind-spots';
import type { Content, Scope } from '../resources/kind';
import type { User } from '../schedulers/request-table';
import { failedCheck, type Check } from '../schedulers/scheduler';
import type { BlindSpot } from '../visibility/blind-spot';

/** What the line of a check is about. */
export const EVENTS = 'events';

/** What a kind of user may look at; who runs the rules or works on alerts need not see how indices are made. */
const LOOKS: Readonly<Record<User, ((scope: Scope, content: Content) => Promise<readonly BlindSpot[]>) | undefined>> = {
  deployer: blindSpotsOf,
  reader: blindSpotsOf,
  shipper: (scope) => streamSpots(scope),
  runner: undefined,
};

/** Whether rules can see the events that come in, as far as a kind of user may find out. A question that fails is an answer. */
export async function checkEvents(scope: Scope, user: User, content: Content): Promise<Check[]> {
  const look = LOOKS[user];
  if (look === undefined) return [];
  try {
    const spots = await look(scope, content);
    if (spots.length === 0) return [{ about: EVENTS, state: 'ok', message: 'nothing hides them from the rules' }];
    return spots.map(({ certain, message, fix }): Check => {
      return { about: EVENTS, state: certain ? 'missing' : 'warning', message, fix };
    });
  } catch (error) {
    return [{ ...failedCheck(EVENTS, error), state: 'unknown' }];
  }
}
