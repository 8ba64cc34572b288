import { elasticsearchRole, requestsOf, type ElasticsearchRole } from '../../src/doctor/roles';
import { roles } from '../../src/commands/doctor';
import { namesOf, type RequestRow, type User } from '../../src/schedulers/request-table';
import { readSettings } from '../../src/settings';

/** What the roles are for. */
export const ASKED = { namespace: 'soc', spaces: ['default'], scheduler: 'local' } as const;

/** As `doctor --roles` prints them. */
export const PRINTED = Object.fromEntries(
  roles(readSettings({ namespace: ASKED.namespace, scheduler: ASKED.scheduler }, {})).map(
    ({ user, elasticsearch }) => [user, elasticsearch] as const,
  ),
) as Record<User, ElasticsearchRole>;

/** A role without one of its privileges. */
export interface Lesser {
  readonly name: string;
  readonly user: User;
  readonly privilege: string;
  /** Empty for a privilege of the cluster. */
  readonly patterns: readonly string[];
  readonly role: ElasticsearchRole;
}

/** The role of a user, each time without one of its privileges. */
export function lesser(user: User): Lesser[] {
  const { cluster, indices } = PRINTED[user];
  const without = (privileges: readonly string[], privilege: string): string[] =>
    privileges.filter((each) => each !== privilege);
  const name = (privilege: string, place: number): string => `${user}-less-${privilege.replace(/\W/g, '-')}-${place}`;
  return [
    ...cluster.map((privilege) => ({
      ...{ name: name(privilege, 0), user, privilege, patterns: [] },
      role: { cluster: without(cluster, privilege), indices },
    })),
    ...indices.flatMap(({ names: patterns, privileges }, place) =>
      privileges.map((privilege) => ({
        ...{ name: name(privilege, place + 1), user, privilege, patterns },
        role: {
          cluster,
          indices: indices
            .map((each, at) => (at === place ? { ...each, privileges: without(privileges, privilege) } : each))
            .filter(({ privileges: left }) => left.length > 0),
        },
      })),
    ),
  ];
}

/** The requests of the table for which a privilege is needed. */
export function rowsOf({ user, privilege, patterns }: Lesser): RequestRow[] {
  return requestsOf(user, ASKED.scheduler).filter(({ names, elasticsearch: { cluster, index } }) =>
    patterns.length === 0
      ? cluster.includes(privilege) || isIncluded(privilege, cluster)
      : index.includes(privilege) && names !== undefined && namesOf(names, ASKED).join() === patterns.join(),
  );
}

/** A role lists no privilege that another one of it grants. */
function isIncluded(privilege: string, needed: readonly string[]): boolean {
  return privilege === 'manage_ingest_pipelines' && needed.includes('read_pipeline');
}

/** The roles of the scheduler that needs a paid licence, of which only the names of the privileges are tried. */
export function roleOfWatches(user: User): ElasticsearchRole {
  return elasticsearchRole(user, { ...ASKED, scheduler: 'watcher' });
}
