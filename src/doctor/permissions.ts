import type { estypes } from '@elastic/elasticsearch';
import type { TransportResult } from '@elastic/transport';
import { refusal, serverReason } from '../cluster/failure';
import type { Cluster } from '../cluster/cluster';
import type { RequestPlace } from '../cluster/connection';
import { untyped } from '../cluster/untyped';
import { answersQuestions, isAllowed, type Verdict } from './probe';
import { failedCheck, type Check } from '../schedulers/scheduler';
import { USERS, type User } from '../schedulers/request-table';
import { elasticsearchRole, openSearchRole, type ElasticsearchRole, type For, type OpenSearchRole } from './roles';

/** Whether the present user may do what a kind of user does. */
export interface Granted {
  readonly user: string;
  /** Undefined where the cluster does not tell. */
  readonly may: boolean | undefined;
  /** Privileges that are not there, `manage on logs-…` for those on indices. */
  readonly lacks: readonly string[];
}

/** What the present user may do, and what there is to say about how that was found out. */
export interface Grants {
  readonly granted: readonly Granted[];
  readonly check: Check;
}

/**
 * Finds out what the present user may do. Nothing is changed, and nothing but looking is tried.
 *
 *   what the cluster says when it is asked who somebody is   | what is said of it
 *   ---------------------------------------------------------|--------------------------------------------
 *   200                                                      | what he may do, as far as it is told
 *   nobody handles that, or security is not enabled          | everyone may do everything
 *   any other                                                | unknown: a fault is no permission
 */
export async function grantsOf(cluster: Cluster, asked: For): Promise<Grants> {
  try {
    return await (cluster.product === 'elasticsearch' ? byElasticsearch(cluster, asked) : byTrying(cluster, asked));
  } catch (error) {
    const { message, fix } = failedCheck('security', error);
    const check: Check = {
      about: 'security',
      state: 'unknown',
      message: `what you may do is not told: ${message}`,
      fix,
    };
    return { granted: all(undefined), check };
  }
}

const UNGUARDED: Check = {
  about: 'security',
  state: 'warning',
  message: 'the cluster asks nobody who he is: whoever reaches it can do everything',
  fix: 'Switch security on (xpack.security.enabled; the security plugin of OpenSearch), unless it is a workbench.',
};

/** The same of every kind of user. */
function all(may: Granted['may']): Granted[] {
  return USERS.map((user) => ({ user, may, lacks: [] }));
}

/** What a cluster without security says: the API is not there, or its handler finds security switched off. */
const NO_SECURITY = /no handler found|security is not enabled/i;

/** For questions about somebody: how they fail without security. */
const ABOUT_USER = { ignore: [400, 500], meta: true as const };

/**
 * The answer of security about somebody.
 * @returns undefined where there is no security
 * @throws ProblemError for every other answer
 */
function answerOf<T>({ statusCode: status, body }: TransportResult<T>, where: RequestPlace): T | undefined {
  if (status === 200) return body;
  if (NO_SECURITY.test(serverReason(body))) return undefined;
  throw refusal(status, body, where);
}

async function byElasticsearch(cluster: Cluster, asked: For): Promise<Grants> {
  const granted: Granted[] = [];
  let name = '';
  for (const user of USERS) {
    const role = elasticsearchRole(user, asked);
    const body = untyped({ cluster: role.cluster, index: role.indices });
    const response = await cluster.client.security.hasPrivileges({ body }, ABOUT_USER);
    const where = { url: `${cluster.url}/_security/user/_has_privileges`, method: 'POST' };
    const about = answerOf(response, where);
    if (about === undefined) return { granted: all(true), check: UNGUARDED };
    name = about.username;
    const lacks = lacking(role, about);
    granted.push({ user, may: lacks.length === 0, lacks });
  }
  return { granted, check: { about: 'security', state: 'ok', message: `you are ${name}` } };
}

function lacking(role: ElasticsearchRole, { cluster, index }: estypes.SecurityHasPrivilegesResponse): string[] {
  return [
    ...role.cluster.filter((privilege) => cluster[privilege] !== true),
    ...role.indices.flatMap(({ names, privileges }) =>
      privileges.flatMap((privilege) => {
        const without = names.filter((each) => index[each]?.[privilege] !== true);
        return without.length === 0 ? [] : [`${privilege} on ${without.join(', ')}`];
      }),
    ),
  ];
}

/**
 * OpenSearch's security plugin does not tell a user what he may do. What only looks is tried; of what changes something it is
 * asked, action by action, where it answers that.
 */
async function byTrying(cluster: Cluster, asked: For): Promise<Grants> {
  const response = await cluster.client.transport.request<{ user_name?: string }>(
    { method: 'GET', path: '/_plugins/_security/authinfo' },
    ABOUT_USER,
  );
  const about = answerOf(response, { url: `${cluster.url}/_plugins/_security/authinfo`, method: 'GET' });
  if (about === undefined) return { granted: all(true), check: UNGUARDED };
  const questions = await answersQuestions(cluster);
  const verdicts = new Map<string, Promise<Verdict>>();
  const verdictOn = (action: string, name: string): Promise<Verdict> => {
    const key = `${action} ${name}`;
    const verdict = verdicts.get(key) ?? isAllowed(cluster, action, name, questions);
    verdicts.set(key, verdict);
    return verdict;
  };
  const granted: Granted[] = [];
  for (const user of USERS) granted.push(await grantedTo(user, openSearchRole(user, asked), verdictOn));
  const name = about.user_name ?? 'somebody';
  const fix = 'Compare your role with the one that `wmi-detections doctor --roles` prints.';
  const untold = questions
    ? 'what deletes indices, and what a bulk request does in a shard, was not asked'
    : 'the security plugin does not tell what you may change';
  return { granted, check: { about: 'security', state: 'unknown', message: `you are ${name}; ${untold}`, fix } };
}

async function grantedTo(
  user: User,
  role: OpenSearchRole,
  verdictOn: (action: string, name: string) => Promise<Verdict>,
): Promise<Granted> {
  const lacks: string[] = [];
  const untold: string[] = [];
  const examine = async (action: string, names: readonly string[]): Promise<void> => {
    const verdicts = await Promise.all(names.map((name) => verdictOn(action, name)));
    if (verdicts.includes(undefined)) untold.push(action);
    const without = names.filter((_, index) => verdicts[index] === false);
    if (without.length > 0) lacks.push(names[0] === '' ? action : `${action} on ${without.join(', ')}`);
  };
  for (const action of role.cluster_permissions) await examine(action, ['']);
  for (const { index_patterns: names, allowed_actions: actions } of role.index_permissions) {
    for (const action of actions) await examine(action, names);
  }
  return { user, may: lacks.length > 0 ? false : untold.length > 0 ? undefined : true, lacks };
}
