import { requireNamespace } from '../alerts/known';
import { askedOf } from '../doctor/roles';
import { requireVisible } from '../doctor/visibility';
import { readAllContent, type ReadContent, type RuleChoice } from '../resources/read-all-content';
import { describePlace } from '../errors';
import type { Rule } from '../detections/rule';
import { Deployment } from '../plan/deployment';
import { PROGRAM_FOLDER } from '../program';
import { expiredNotes } from '../sigma/exceptions';
import type { Scope } from '../resources/kind';
import { connectForAlerts, connectSchedulers } from '../schedulers';
import type { Verb } from '../schedulers/request-table';
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
 * The content that the settings name: pipelines, mappings, and the rules of all folders.
 * @throws ProblemError when it is not valid
 */
export function readSettingsContent(settings: Settings): ReadContent {
  return readAllContent(settings.content ?? PROGRAM_FOLDER, ruleChoice(settings));
}

/** Which rules the settings ask for. */
export function ruleChoice({ rules, shippedRules, ruleOverrides }: Settings): RuleChoice {
  return { own: rules, shipped: shippedRules, overrides: ruleOverrides };
}

/** Warnings that are shown; `validate --output json` has them all. */
const MOST_WARNINGS = 10;

/** Says what the authors of rules should know. */
export function noteWarnings({ warnings }: ReadContent, context: Context): void {
  for (const { where, message, hint } of warnings.slice(0, MOST_WARNINGS)) {
    const place = where === undefined ? '' : `${describePlace(where)}: `;
    context.note(`warning: ${place}${message}${hint === undefined ? '' : `. ${hint}`}`);
  }
  const more = warnings.length - MOST_WARNINGS;
  if (more > 0) context.note(`and ${more} more warnings: \`validate --output json\` lists them.`);
}

/**
 * The content that the settings name, with a note of each exception that has expired.
 * @throws ProblemError when it is not valid
 */
export function contentOf(settings: Settings, context: Context): ReadContent {
  const content = readSettingsContent(settings);
  for (const note of expiredNotes(content.exceptions ?? [], Date.now())) context.note(note);
  return content;
}

/**
 * The deployment that the settings name, connected.
 * @param verb the command; what it reads must not be hidden from the present user. Undefined where the command asks for that itself
 * @throws ProblemError SETTINGS when its scheduler cannot run rules there, FORBIDDEN when what the command reads is hidden
 */
export async function deploymentOf(settings: Settings, context: Context, verb?: Verb): Promise<Deployment> {
  const scope = await scopeOf(settings, context, verb);
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
  verb: Verb,
): Promise<{ scope: ScheduledScope; rules: readonly Rule[] }> {
  const scope = await scopeOf(settings, context, verb);
  const scheduler = await connectForAlerts(scope, settings, context);
  await requireNamespace({ ...scope, scheduler });
  const rules = scheduler.keepsAlerts ? readSettingsContent(settings).rules : [];
  return { scope: { ...scope, scheduler }, rules };
}

async function scopeOf(settings: Settings, context: Context, verb?: Verb): Promise<Scope> {
  const { namespace, indices, retention } = settings;
  const cluster = await clusterOf(settings, context);
  if (verb !== undefined) await requireVisible(cluster, verb, askedOf(settings), context.note);
  return { cluster, namespace, now: Date.now(), indices, retention };
}
