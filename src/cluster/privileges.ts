import type { estypes } from '@elastic/elasticsearch';
import type { TransportResult } from '@elastic/transport';
import { ProblemError } from '../errors';
import type { Cluster } from './cluster';
import type { RequestPlace } from './connection';
import { refusal, serverReason } from './failure';
import { untyped } from './untyped';

/** What a cluster without security says: the API is not there, or its handler finds security switched off. */
const NO_SECURITY = /no handler found|security is not enabled/i;

/** For questions about the present user: how they fail without security. */
export const ABOUT_USER = { ignore: [400, 500], meta: true as const };

/**
 * The answer of security about the present user.
 * @returns undefined where there is no security
 * @throws ProblemError for every other answer
 */
export function answerOf<T>({ statusCode: status, body }: TransportResult<T>, where: RequestPlace): T | undefined {
  if (status === 200) return body;
  if (NO_SECURITY.test(serverReason(body))) return undefined;
  throw refusal(status, body, where);
}

/** Privileges of Elasticsearch, in the form of a role. */
export interface Privileges {
  readonly cluster: readonly string[];
  readonly indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[];
}

/** What Elasticsearch says of the present user. */
export interface PresentUser {
  readonly name: string;
  /** Privileges that it does not have, `manage on logs-…` for those on indices. */
  readonly lacks: readonly string[];
  /** Those on indices, with the names on which they are missing. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly privilege: string;
  readonly names: readonly string[];
}

/**
 * Asks Elasticsearch whether the present user has these privileges.
 * @returns undefined where there is no security
 */
export async function presentUser(cluster: Cluster, wanted: Privileges): Promise<PresentUser | undefined> {
  const body = untyped({ cluster: wanted.cluster, index: wanted.indices });
  const response = await cluster.client.security.hasPrivileges({ body }, ABOUT_USER);
  const where = { url: `${cluster.url}/_security/user/_has_privileges`, method: 'POST' };
  const about = answerOf(response, where);
  // A cluster that says nothing of a user asks nobody who it is.
  if (typeof about?.username !== 'string') return undefined;
  const missing = missingOn(wanted, about);
  const lacks = [
    ...wanted.cluster.filter((privilege) => about.cluster[privilege] !== true),
    ...missing.map(({ privilege, names }) => `${privilege} on ${names.join(', ')}`),
  ];
  return { name: about.username, lacks, missing };
}

function missingOn({ indices }: Privileges, { index }: estypes.SecurityHasPrivilegesResponse): Missing[] {
  return indices.flatMap(({ names, privileges }) =>
    privileges.flatMap((privilege) => {
      const without = names.filter((each) => index[each]?.[privilege] !== true);
      return without.length === 0 ? [] : [{ privilege, names: without }];
    }),
  );
}

/**
 * Makes sure that the present user may see the metadata of indices and data streams. To a user without that privilege Elasticsearch
 * answers as if there were none; OpenSearch refuses.
 * @param names names and patterns
 * @throws ProblemError FORBIDDEN with what is missing
 */
export async function requireMetadata(cluster: Cluster, names: readonly string[]): Promise<void> {
  if (cluster.product !== 'elasticsearch' || names.length === 0) return;
  await requirePrivileges(cluster, { cluster: [], indices: [{ names, privileges: ['view_index_metadata'] }] });
}

/**
 * Makes sure that the present user has privileges on Elasticsearch. Where there is no security, everybody has them.
 * @throws ProblemError FORBIDDEN with what is missing
 */
export async function requirePrivileges(cluster: Cluster, wanted: Privileges): Promise<void> {
  const user = await presentUser(cluster, wanted);
  if (user === undefined || user.lacks.length === 0) return;
  throw new ProblemError(
    'FORBIDDEN',
    user.lacks.map((missing) => ({
      where: { url: cluster.url },
      message: `you do not have the privilege ${missing}`,
      hint: 'Compare your role with the one that `wmi-detections doctor --roles` prints.',
    })),
  );
}
