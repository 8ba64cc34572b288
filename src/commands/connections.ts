import { requireNamespace } from '../alerts/known';
import { readAllContent } from '../resources/read-all-content';
import type { Rule } from '../detections/rule';
import { Deployment } from '../plan/deployment';
import { PROGRAM_FOLDER } from '../program';
import { expiredNotes } from '../sigma/exceptions';
import type { Content, Scope } from '../resources/kind';
import { connectForAlerts, connectSchedulers } from '../schedulers';
import type { ScheduledScope } from '../schedulers/scheduler';
import type { Settings } from '../settings';
import { clusterOf, type Context } from './command';

/** The flags of the commands that deploy rules, or remove them. */
export const SCHEDULER_OPTIONS = {
  scheduler: { type: 'string', describe: 'where the rules run: kibana, opensearch-alerting, watcher or local' },
  space: { type: 'string', describe: 'Kibana space that gets the rules; several with commas between them' },
  channel: {
    type: 'string',
    describe: 'id of the notification channel that OpenSearch Alerting tells of new alerts',
  },
} as const;

/**
 * The content that the settings name, with a note of each exception that has expired.
 * @throws ProblemError when it is not valid
 */
export function contentOf(settings: Settings, context: Context): Content {
  const content = readAllContent(settings.content ?? PROGRAM_FOLDER);
  for (const note of expiredNotes(content.exceptions ?? [], Date.now())) context.note(note);
  return content;
}

/**
 * The deployment that the settings name, connected.
 * @throws ProblemError SETTINGS when its scheduler cannot run rules there
 */
export async function deploymentOf(settings: Settings, context: Context): Promise<Deployment> {
  const scope = await scopeOf(settings, context);
  return new Deployment(scope, await connectSchedulers(scope, settings, context), settings.scheduler);
}

/**
 * Where an analyst's alerts are: the namespace, and the scheduler that may keep alerts of its own.
 * @returns the rules of the content as well, where the scheduler's own alerts need them; else none
 * @throws ProblemError SETTINGS when the cluster has no such scheduler, or no Kibana is named; USAGE when nothing was ever deployed in
 *   the namespace
 */
export async function analystScope(
  settings: Settings,
  context: Context,
): Promise<{ scope: ScheduledScope; rules: readonly Rule[] }> {
  const scope = await scopeOf(settings, context);
  const scheduler = await connectForAlerts(scope, settings, context);
  await requireNamespace({ ...scope, scheduler });
  const rules = scheduler.keepsAlerts ? readAllContent(settings.content ?? PROGRAM_FOLDER).rules : [];
  return { scope: { ...scope, scheduler }, rules };
}

async function scopeOf(settings: Settings, context: Context): Promise<Scope> {
  const { namespace, indices, retention } = settings;
  return { cluster: await clusterOf(settings, context), namespace, now: Date.now(), indices, retention };
}
