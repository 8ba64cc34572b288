import { checkEvents } from '../doctor/events';
import type { Content, Scope } from '../resources/kind';
import { contentOf } from './connections';
import { failedCheck, type Check } from '../schedulers/scheduler';
import { SCHEDULERS } from '../schedulers';
import { checkClock, checkLicence, checkVersion } from '../doctor/checks';
import { grantsOf, type Granted } from '../doctor/permissions';
import { askedOf, commandsOf, elasticsearchRole, needsScheduler, openSearchRole } from '../doctor/roles';
import { USERS, type User } from '../schedulers/request-table';
import { doctorText, rolesText } from '../report/doctor-text';
import type { Settings } from '../settings';
import type { Cluster } from '../cluster/cluster';
import type { RequestContext } from '../cluster/connection';
import { readAllContent } from '../resources/read-all-content';
import { PROGRAM_FOLDER } from '../program';
import { declare, settingsOf, clusterOf } from './command';

/** What `doctor` found; nothing was changed. */
export interface Doctor {
  readonly checks: readonly Check[];
  /** What the present user may do, for each kind of user. */
  readonly granted: readonly Granted[];
  /** Whether a command of the kind of user that was asked for will fail. */
  readonly missing: boolean;
}

/**
 * Looks at everything that a command needs before it is given: the cluster, its version, licence and clock, what runs the
 * rules, and what the present user may do. What cannot be reached is an answer and no error.
 * @param user the kind of user whose privileges must be there
 * @param content whose rules are to see events; without it, what they could see is not looked at
 */
export async function doctor(
  settings: Settings,
  user: User,
  context: RequestContext = {},
  content?: Content,
): Promise<Doctor> {
  let cluster: Cluster;
  try {
    cluster = await clusterOf(settings, context);
  } catch (error) {
    return { checks: [failedCheck('cluster', error)], granted: [], missing: true };
  }
  const checks: Check[] = [
    { about: 'cluster', state: 'ok', message: `answers at ${cluster.url}` },
    checkVersion(cluster),
  ];
  const scheduler = SCHEDULERS[settings.scheduler];
  checks.push(await checkLicence(cluster), await checkClock(cluster));
  if (needsScheduler(user)) {
    const check = await scheduler.check(settings, cluster, context);
    checks.push(check, ...(check.state === 'ok' ? await limitChecks(settings, cluster) : []));
  }
  const { granted, check } = await grantsOf(cluster, askedOf(settings));
  checks.push(check);
  if (content !== undefined) checks.push(...(await checkEvents(scopeIn(settings, cluster), user, content)));
  const lacks = granted.some((each) => each.user === user && each.may === false);
  return { checks, granted, missing: lacks || checks.some(({ state }) => state === 'missing') };
}

function scopeIn({ namespace, indices, retention }: Settings, cluster: Cluster): Scope {
  return { cluster, namespace, now: Date.now(), indices, retention };
}

/** The limits of the scheduler that a deploy of the content would pass, or that are passed already. */
async function limitChecks(settings: Settings, cluster: Cluster): Promise<Check[]> {
  const { namespace, indices, scheduler, content = PROGRAM_FOLDER } = settings;
  const about = `limits of ${scheduler}`;
  try {
    const scope = { cluster, namespace, indices, now: Date.now() };
    const found = await SCHEDULERS[scheduler].limits?.(scope, readAllContent(content));
    return (found ?? []).map((message) => ({ about, state: 'warning', message, fix: LIMITS_FIX }));
  } catch (error) {
    const { message, fix } = failedCheck(about, error);
    return [{ about, state: 'unknown', message, fix }];
  }
}

const LIMITS_FIX = 'docs/opensearch-alerting.md explains the limits and what raises them.';

/** The roles of each kind of user, as bodies of the requests that create them. */
export function roles(settings: Settings) {
  const asked = askedOf(settings);
  return USERS.map((user) => {
    const inKibana = SCHEDULERS[settings.scheduler].roleOn?.(user, { spaces: asked.spaces, events: [] }).server;
    return {
      user,
      commands: commandsOf(user),
      elasticsearch: elasticsearchRole(user, asked),
      ...(inKibana !== undefined && { kibana: inKibana }),
      opensearch: openSearchRole(user, asked),
    };
  });
}

export const doctorCommand = declare({
  positionals: {},
  options: {
    scheduler: {
      type: 'string',
      describe: 'where the rules are to run: kibana, opensearch-alerting, watcher or local',
    },
    space: { type: 'string', describe: 'Kibana space that gets the rules; several with commas between them' },
    for: {
      choices: USERS,
      default: 'deployer',
      describe: 'the kind of user that you are to be: exit 1 where something is missing for it',
    },
    roles: {
      type: 'boolean',
      default: false,
      describe: 'print the roles that each kind of user needs, and ask no cluster',
    },
  },
  examples: [
    ['$0 doctor --for shipper', 'may this key do what `replay` does?'],
    ['$0 doctor --roles --output json', 'the bodies of the requests that create the roles'],
  ],
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    if (argv.roles) {
      const printed = roles(settings);
      return { json: printed, text: rolesText(printed), exit: 0 };
    }
    const found = await doctor(settings, argv.for as User, context, contentOf(settings, context));
    return { json: found, text: doctorText(found, argv.for), exit: found.missing ? 1 : 0 };
  },
});
