import { ProblemError } from '../errors';
import type { Cluster } from '../cluster/cluster';
import { ABOUT_USER, answerOf, presentUser } from '../cluster/privileges';
import { answersQuestions, isAllowed, type Verdict } from './probe';
import { failedCheck, type Check } from '../schedulers/scheduler';
import { USERS } from '../schedulers/request-table';
import {
  elasticsearchNeeds,
  elasticsearchRole,
  openSearchNeeds,
  openSearchRole,
  requestsOfDestroy,
  type For,
  type OpenSearchRole,
} from './roles';

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

async function byElasticsearch(cluster: Cluster, asked: For): Promise<Grants> {
  const granted: Granted[] = [];
  let name = '';
  for (const user of USERS) {
    const about = await presentUser(cluster, elasticsearchRole(user, asked));
    if (about === undefined) return { granted: all(true), check: UNGUARDED };
    name = about.name;
    granted.push({ user, may: about.lacks.length === 0, lacks: about.lacks });
  }
  return { granted, check: { about: 'security', state: 'ok', message: `you are ${name}` } };
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
  const verdictOn = verdictsOf(cluster, questions);
  const granted: Granted[] = [];
  for (const user of USERS) granted.push({ user, ...(await grantedTo(openSearchRole(user, asked), verdictOn)) });
  const name = about.user_name ?? 'somebody';
  const fix = 'Compare your role with the one that `wmi-detections doctor --roles` prints.';
  const untold = questions
    ? 'what deletes indices, and what a bulk request does in a shard, was not asked'
    : 'the security plugin does not tell what you may change';
  return { granted, check: { about: 'security', state: 'unknown', message: `you are ${name}; ${untold}`, fix } };
}

type VerdictOn = (action: string, name: string) => Promise<Verdict>;

/** Each action is asked about once. */
function verdictsOf(cluster: Cluster, questions: boolean): VerdictOn {
  const verdicts = new Map<string, Promise<Verdict>>();
  return (action, name) => {
    const key = `${action} ${name}`;
    const verdict = verdicts.get(key) ?? isAllowed(cluster, action, name, questions);
    verdicts.set(key, verdict);
    return verdict;
  };
}

async function grantedTo(role: OpenSearchRole, verdictOn: VerdictOn): Promise<Omit<Granted, 'user'>> {
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
  return { may: lacks.length > 0 ? false : untold.length > 0 ? undefined : true, lacks };
}

/**
 * Makes sure, before a destroy deletes anything, that the present user may do all of it, as far as the cluster says that.
 * @throws ProblemError FORBIDDEN with everything that is missing
 */
export async function requireForDestroy(cluster: Cluster, asked: For, options: { withData: boolean }): Promise<void> {
  const requests = requestsOfDestroy(asked.scheduler, options);
  const missing =
    cluster.product === 'elasticsearch'
      ? ((await presentUser(cluster, elasticsearchNeeds(requests, asked)))?.lacks ?? [])
      : await missingOnOpenSearch(cluster, openSearchNeeds(requests, asked));
  if (missing.length === 0) return;
  const hint = 'Compare your role with the one that `wmi-detections doctor --roles` prints for the deployer.';
  throw new ProblemError(
    'FORBIDDEN',
    missing.map((each) => ({
      where: { url: cluster.url },
      message: `destroy needs the privilege ${each}, which you do not have. Nothing was deleted.`,
      hint,
    })),
  );
}

async function missingOnOpenSearch(cluster: Cluster, role: OpenSearchRole): Promise<readonly string[]> {
  const response = await cluster.client.transport.request<object>(
    { method: 'GET', path: '/_plugins/_security/authinfo' },
    ABOUT_USER,
  );
  const about = answerOf(response, { url: `${cluster.url}/_plugins/_security/authinfo`, method: 'GET' });
  if (about === undefined) return [];
  return (await grantedTo(role, verdictsOf(cluster, await answersQuestions(cluster)))).lacks;
}
