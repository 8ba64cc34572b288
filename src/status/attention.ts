import type { ContentState, RuleState, SourceState, Status } from './status';

/** A rule that cannot see this share of a source's process creations needs attention, unless told otherwise. */
export const BLIND_SHARE = 0.5;

/**
 * What somebody should look at, a sentence each; the order is that of an event's way, from content to alert.
 *
 *   what                                                                        | who mends it
 *   ----------------------------------------------------------------------------|---------------------------------
 *   the cluster differs from the content                                        | `deploy`
 *   no rule stored; a rule never ran, or not for two intervals                  | `deploy`, `run`
 *   no source has any event; one that had events is silent, or cannot be read   | the shipper, the privileges
 *   one of our own streams has events and no process creation among them        | Windows' auditing, Sysmon
 *   pipelines failed                                                            | the shipper's format, or ours
 *   a rule is blind on more than a share of a source                            | docs/shippers.md
 *
 * Unrecognised events and ignored fields are shown, and raise no alarm: neither hides an event of a known source.
 * @param blindShare 0 to 1
 */
export function attentionOf(
  { content, rules, sources }: Pick<Status, 'content' | 'rules' | 'sources'>,
  blindShare: number,
): string[] {
  return [
    ...ofContent(content),
    ...(rules.length === 0 ? ['no rule is stored in this namespace'] : rules.flatMap(ofRule)),
    ...ofSources(sources),
    ...sources.flatMap((source) => ofSource(source, blindShare)),
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

function ofRule({ name, overdue, watermark }: RuleState): string[] {
  if (!overdue) return [];
  return [watermark === null ? `${name} has never run` : `${name} has not run for two intervals`];
}

function ofSources(sources: readonly SourceState[]): string[] {
  const some = sources.some(
    ({ read, newestEvent, newestIngested }) => read && (newestEvent ?? newestIngested) !== null,
  );
  return some || sources.some(({ problem }) => problem !== null) ? [] : ['no source has any event'];
}

function ofSource(
  { source, read, problem, silent, documents, processCreations, failures, coverage }: SourceState,
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
    ...coverage
      .filter(({ share }) => share !== null && share > blindShare)
      .map(({ name, share }) => `${name} is blind on ${percent(share ?? 0)} of ${source}`),
  ];
}
