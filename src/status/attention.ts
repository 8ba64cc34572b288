import { describeDuration } from '../text/duration';
import type { RuleState } from '../schedulers/deployed-rule';
import { plural } from '../text/plural';
import type { ContentState, SourceState, Status } from './status';
import type { Undelivered } from './undelivered';

/** A rule that cannot see this share of a source's process creations needs attention, unless told otherwise. */
export const BLIND_SHARE = 0.5;

/**
 * What somebody should look at, a sentence each; the order is that of an event's way, from content to alert.
 *
 *   what                                                                        | who mends it
 *   ----------------------------------------------------------------------------|---------------------------------
 *   the cluster differs from the content                                        | `deploy`
 *   the scheduler is switched off as a whole; a limit of it is passed           | whoever switched it off; docs
 *   no rule there; a rule never ran, or not for two intervals                   | `deploy`, `run`
 *   a rule disabled; its last run failed, or left a gap                         | whoever disabled it; Kibana, `run`
 *   nobody can know whether a rule runs                                         | the privileges, `--try-rules`
 *   no source has any event; one that had events is silent, or cannot be read   | the shipper, the privileges
 *   one of our own streams has events and no process creation among them        | Windows' auditing, Sysmon
 *   pipelines failed                                                            | the shipper's format, or ours
 *   documents are in the failure store                                          | the mapping, `replay` of what is there
 *   a blind spot of what the rules read                                         | docs/blind-spots.md
 *   a rule is blind on more than a share of a source                            | docs/shippers.md
 *   alerts that a webhook has not got in 15 minutes                             | the webhook; docs/notify.md
 *
 * Unrecognised events and ignored fields are shown, and raise no alarm: neither hides an event of a known source.
 * @param blindShare 0 to 1
 */
export function attentionOf(
  {
    content,
    rules,
    sources,
    stopped,
    blindSpots = [],
    undelivered = [],
    limits = [],
  }: Pick<Status, 'content' | 'rules' | 'sources'> &
    Partial<Pick<Status, 'stopped' | 'blindSpots' | 'undelivered' | 'limits'>>,
  blindShare: number,
): string[] {
  return [
    ...ofContent(content),
    ...(typeof stopped === 'string' ? [stopped] : []),
    ...limits,
    ...(rules.length === 0 ? ['no rule of this namespace is there'] : rules.flatMap(ofRule)),
    ...ofSources(sources),
    ...blindSpots.map(({ message }) => message),
    ...sources.flatMap((source) => ofSource(source, blindShare)),
    ...undelivered.map(ofWebhook),
  ];
}

/** `72 %`; never 0 % or 100 % of what is not none or all. */
export function percent(share: number): string {
  const rounded = Math.round(share * 100);
  if (rounded === 0 && share > 0) return '<1 %';
  return rounded === 100 && share < 1 ? '>99 %' : `${rounded} %`;
}

function ofContent({ inSync, changes }: ContentState): string[] {
  if (inSync) return [];
  const differ = changes.length === 1 ? '1 thing differs' : `${changes.length} things differ`;
  return [`the cluster is not in sync with the content: ${differ}`];
}

function ofRule({ name, space, enabled, overdue, behind, execution, runsUnknown }: RuleState): string[] {
  const rule = space === null ? name : `${name} (space ${space})`;
  if (!enabled) return [`${rule} is disabled`];
  const { result = 'succeeded', message = '', gap = 0 } = execution ?? {};
  return [
    ...(overdue ? [behind === null ? `${rule} has never run` : `${rule} has not run for two intervals`] : []),
    ...(/fail/.test(result) ? [`${rule}: its last run ended in ${result}${message === '' ? '' : `: ${message}`}`] : []),
    ...(runsUnknown === undefined ? [] : [`${rule}: ${runsUnknown}`]),
    ...(gap > 0 ? [`${rule}: nothing ran for ${describeDuration(gap)} before its last run`] : []),
  ];
}

function ofWebhook({ webhook, alerts, oldest, error }: Undelivered): string {
  const reason = error === null ? 'no run has tried to send them' : error;
  return `${plural(alerts, 'alert')} not sent to webhook ${webhook}, the oldest of ${oldest}: ${reason}`;
}

function ofSources(sources: readonly SourceState[]): string[] {
  const some = sources.some(
    ({ read, newestEvent, newestIngested }) => read && (newestEvent ?? newestIngested) !== null,
  );
  return some || sources.some(({ problem }) => problem !== null) ? [] : ['no source has any event'];
}

function ofSource(
  { source, read, problem, silent, documents, processCreations, failures, failureStore, coverage }: SourceState,
  blindShare: number,
): string[] {
  if (!read) return [];
  // A pattern reads others' streams as well, of which many hold no process creations and never will.
  const isOne = !source.includes('*');
  return [
    ...(problem === null ? [] : [`${source} cannot be read: ${problem}`]),
    ...(silent ? [`${source} is silent`] : []),
    ...(isOne && documents > 0 && processCreations === 0 ? [`${source} has no process creations`] : []),
    ...(failures.count === 0 ? [] : [`${source}: pipelines failed on ${failures.count}`]),
    ...((failureStore ?? 0) === 0 ? [] : [`${source}: ${failureStore} refused, in the failure store`]),
    ...coverage
      .filter(({ share }) => share !== null && share > blindShare)
      .map(({ name, share }) => `${name} is blind on ${percent(share ?? 0)} of ${source}`),
  ];
}

/** Why a field is missing, where the source is known for it, and what helps. */
interface Hint {
  /** Of the source's name. */
  readonly source: RegExp;
  readonly field: string;
  readonly text: string;
}

const HINTS: readonly Hint[] = [
  {
    source: /security|winlogbeat/,
    field: 'process.command_line',
    text: 'Process auditing records none unless told to: turn on "Include command line in process creation events" (docs/shippers.md).',
  },
  {
    source: /security|winlogbeat/,
    field: 'process.parent.name',
    text: 'Windows before 10 and Server 2016 writes no parent name into event 4688; Sysmon does on all versions (docs/shippers.md).',
  },
  {
    source: /crowdstrike/,
    field: 'process.parent.name',
    text: 'It is ParentBaseFileName, which not every record of FDR carries.',
  },
];

/** What is known about a field that a source lacks; empty where nothing is. */
export function hintsFor(source: string, field: string): string[] {
  return HINTS.filter((hint) => hint.field === field && hint.source.test(source)).map(({ text }) => text);
}
