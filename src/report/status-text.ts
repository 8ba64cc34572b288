import { percent, hintsFor } from '../status/attention';
import type { RuleState } from '../schedulers/deployed-rule';
import type { ContentChange, ContentState, Coverage, SourceState, Status } from '../status/status';
import { describeDuration } from '../text/duration';
import { escapeForTerminal } from '../text/escape';
import { plural } from '../text/plural';

/** Changes that are named; a cluster where nothing is deployed would fill the screen else. */
const MOST_CHANGES = 10;
const MOST_REASONS = 5;
const DAY = 86_400_000;

/** `status` for a person: a paragraph a subject, and at the end what needs attention. */
export function statusText(status: Status): string {
  const { cluster, namespace, now, since, content, rules, sources, attention } = status;
  const product = cluster.product === 'opensearch' ? 'OpenSearch' : 'Elasticsearch';
  const there = sources.filter((source) => source.exists);
  const absent = sources.filter((source) => source.read && !source.exists).map(({ source }) => source);
  const paragraphs = [
    [`${product} ${cluster.version} at ${cluster.url}, namespace ${namespace}`],
    contentLines(content),
    rules.length === 0 ? ['No rule is there: run `wmi-detections deploy`.'] : ['Rules', ...rules.flatMap(ruleLines)],
    there.length === 0
      ? ['No events yet: no index that the rules read is there. docs/shippers.md says how events get there.']
      : [`Sources, and what arrived since ${since}`, ...there.flatMap((source) => sourceLines(source, now))],
    there.length > 0 && absent.length > 0 ? [`Nothing yet from ${absent.join(', ')}.`] : [],
    attention.length === 0
      ? ['Nothing needs attention.']
      : ['Needs attention', ...attention.flatMap((sentence) => [`  ! ${sentence}`, ...fixesOf(status, sentence)])],
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(escapeForTerminal).join('\n'))
    .join('\n\n');
}

/** What helps, where the sentence is a blind spot. */
function fixesOf({ blindSpots }: Status, sentence: string): string[] {
  return blindSpots.filter(({ message }) => message === sentence).map(({ fix }) => `      ${fix}`);
}

function contentLines({ inSync, counts, changes, leftovers }: ContentState): string[] {
  const leftover =
    leftovers === 0 ? [] : [`  ${leftovers} of ours no longer in the content: \`deploy --prune\` deletes them`];
  if (inSync) return [`Content: in sync (${counts.unchanged} unchanged).`, ...leftover];
  if (counts.create === changes.length && counts.unchanged === 0) {
    return ['Content: never deployed here. Run `wmi-detections deploy`.', ...leftover];
  }
  const named = changes.slice(0, MOST_CHANGES).flatMap(changeLines);
  const more = changes.length > MOST_CHANGES ? [`  and ${changes.length - MOST_CHANGES} more`] : [];
  return ['Content: not in sync. `wmi-detections plan` shows the differences.', ...named, ...more, ...leftover];
}

/** What somebody edited is shown with the difference: nobody but him knows of it. */
function changeLines({ kind, id, action, edited, diff }: ContentChange): string[] {
  const line = `  ${edited ? 'edited on the cluster' : (ACTIONS[action] ?? action)} ${kind}/${id}`;
  return [line, ...(edited ? diff.trimEnd().split('\n') : []).map((text) => `      ${text}`)];
}

const ACTIONS: Readonly<Record<string, string>> = {
  create: 'missing',
  update: 'changed',
  put_mapping: 'mapping behind',
  rollover: 'mapping behind',
  foreign: 'not ours',
};

function ruleLines(rule: RuleState): string[] {
  const { name, version, interval, space, behind, overdue } = rule;
  const where = space === null ? '' : ` (space ${space})`;
  const head = `  ${name}${where}, version ${version}, ${interval === null ? 'by a schedule of its own' : `every ${interval}`}`;
  if (!rule.enabled) return [`${head}: disabled`];
  if (behind === null) return [`${head}: ${overdue ? 'never run' : notRunYet(rule)}`];
  const late = overdue ? ', overdue' : '';
  return [`${head}: ${rule.execution === null ? readUpTo(behind) : `ran ${long(behind)} ago`}${late}${resultOf(rule)}`];
}

function notRunYet({ execution, runsUnknown }: RuleState): string {
  if (execution !== null) return execution.result;
  return runsUnknown === undefined ? 'enabled; not run yet' : 'enabled; when it ran is not known';
}

function readUpTo(behind: number): string {
  return `read up to ${long(behind)} ago`;
}

function resultOf({ lastRun, execution, nextRun }: RuleState): string {
  if (lastRun !== null) {
    return `; last run: ${plural(lastRun.events, 'event')}, ${plural(lastRun.alerts, 'alert')}, ${lastRun.new} new`;
  }
  if (execution === null) return '';
  const gap = execution.gap === 0 ? '' : `, after a gap of ${long(execution.gap)}`;
  return `; ${execution.result}${gap}${nextRun === null ? '' : `; next ${nextRun}`}`;
}

function sourceLines(source: SourceState, now: string): string[] {
  const { documents, processCreations, newestIngested, newestEvent, failures, ignored, delay, coverage } = source;
  if (source.problem !== null) return [`  ${source.source}`, `    cannot be read: ${source.problem}`];
  const newest = newestIngested ?? newestEvent;
  const arrived = newest === null ? 'nothing yet' : `newest ${ago(newest, now)}`;
  const silent = source.silent ? ', silent' : '';
  const creations = source.read ? `, ${plural(processCreations, 'process creation')}` : ', of no known source';
  return [
    `  ${source.source}`,
    `    ${plural(documents, 'document')}${creations}; ${arrived}${silent}`,
    ...(newestEvent === null ? [] : [`    newest event of ${newestEvent}`]),
    ...(delay === null
      ? []
      : [
          `    events arrive ${long(Math.max(0, delay.p50))} after they happen, 95 % within ${long(Math.max(0, delay.p95))}; ${delay.beyondLookback} later than the look-back`,
        ]),
    ...(failures.count === 0 ? [] : [`    pipelines failed on ${failures.count}`]),
    ...failures.by
      .slice(0, MOST_REASONS)
      .map(({ step, reason, count }) => `      ${count} × ${step === '' ? '' : `${step}: `}${reason}`),
    ...(ignored.count === 0
      ? []
      : [
          `    ${plural(ignored.count, 'document')} with values that cannot be searched: ${ignored.fields.map(({ field, count }) => `${field} (${count})`).join(', ')}`,
        ]),
    ...coverage.flatMap((each) => coverageLines(each, source)),
  ];
}

function ago(time: string, now: string): string {
  const span = Date.parse(now) - Date.parse(time);
  return span < 0 ? `${long(-span)} ahead of the cluster's clock` : `${long(span)} ago`;
}

/** A span that may be one of years, where a history was replayed. */
function long(milliseconds: number): string {
  return milliseconds < 2 * DAY ? describeDuration(milliseconds) : `${Math.round(milliseconds / DAY)} days`;
}

/** What a rule cannot see, why, and what helps; then of which fields it has to do without. */
function coverageLines({ name, blind, share, causes, fields }: Coverage, source: SourceState): string[] {
  if (share === null) return [];
  const shareOf = (count: number): string => percent(count / source.processCreations);
  const spare = fields.filter(({ field, count }) => count > 0 && !causes.some((cause) => cause.fields.includes(field)));
  return [
    blind === 0
      ? `    ${name} can see every process creation`
      : `    ${name} is blind on ${percent(share)} of ${source.source}`,
    ...causes.flatMap(({ lack, fields: lacking, count }) => [
      `      ${lack} on ${shareOf(count)}`,
      ...lacking.flatMap((field) => hintsFor(source.source, field)).map((hint) => `        ${hint}`),
    ]),
    ...spare.map(({ field, count }) => `      does without ${field} on ${shareOf(count)}`),
  ];
}
