import type { RequestRow } from '../../src/schedulers/request-table';
import { namesOf, type User } from '../../src/schedulers/request-table';
import { requestsOf, type OpenSearchRole } from '../../src/doctor/roles';
import { roles } from '../../src/commands/doctor';
import { readSettings } from '../../src/settings';

/** What the roles are for. */
export const ASKED = { namespace: 'soc', spaces: ['default'], scheduler: 'local' } as const;

/** As `doctor --roles` prints them. */
export const PRINTED = Object.fromEntries(
  roles(readSettings({ namespace: ASKED.namespace, scheduler: ASKED.scheduler }, {})).map(({ user, opensearch }) => [
    user,
    opensearch,
  ]),
) as Record<User, OpenSearchRole>;

/** A role without one of its actions. */
interface Lesser {
  readonly name: string;
  readonly action: string;
  /** Empty for an action of the cluster. */
  readonly patterns: readonly string[];
  readonly role: OpenSearchRole;
}

/** The role of a user, each time without one of its actions. */
export function lesser(user: User): Lesser[] {
  const { cluster_permissions: cluster, index_permissions: indices } = PRINTED[user];
  const without = (actions: readonly string[], action: string): string[] => actions.filter((each) => each !== action);
  const name = (action: string, place: number): string => `${user}-less-${action.replace(/\W/g, '-')}-${place}`;
  return [
    ...cluster.map((action) => ({
      name: name(action, 0),
      action,
      patterns: [],
      role: { cluster_permissions: without(cluster, action), index_permissions: indices },
    })),
    ...indices.flatMap(({ index_patterns: patterns, allowed_actions: actions }, place) =>
      actions.map((action) => ({
        name: name(action, place + 1),
        action,
        patterns,
        role: {
          cluster_permissions: cluster,
          index_permissions: indices
            .map((each, at) => (at === place ? { ...each, allowed_actions: without(actions, action) } : each))
            .filter(({ allowed_actions: left }) => left.length > 0),
        },
      })),
    ),
  ];
}

/** The requests of the table for which an action is needed. */
export function rowsOf(user: User, { action, patterns }: Lesser): RequestRow[] {
  return requestsOf(user, ASKED.scheduler).filter(({ names, opensearch: { cluster, index } }) =>
    patterns.length === 0
      ? cluster.includes(action)
      : index.includes(action) && names !== undefined && namesOf(names, ASKED).join() === patterns.join(),
  );
}
