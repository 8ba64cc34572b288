import { percent, hintsFor } from '../status/attention';
import { hasFailed, type RuleState } from '../schedulers/deployed-rule';
import type { ContentChange, ContentState, Coverage, SourceState, Status } from '../status/status';
import { describeDuration } from '../text/duration';
import { escapeForTerminal } from '../text/escape';
import { plural } from '../text/plural';

/** Changes that are named; a cluster where nothing is deployed would fill the screen else. */
const MOST_CHANGES = 10;
const MOST_REASONS = 5;
/** From more rules on they are counted, and only those named that need attention. */
const MANY_RULES = 20;
/** Of those so many are named; `--output json` has all. */
const MOST_NAMED = 10;
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
    rules.length === 0 ? ['No rule is there: run `wmi-detections deploy`.'] : ['Rules', ...rulesLines(rules)],
    there.length === 0
      ? ['No events yet: no index that the rules read is there. docs/shippers.md says how events get there.']
      : [`Sources, and what arrived since ${since}`, ...there.flatMap((source) => sourceLines(source, now))],
    there.length > 0 && absent.length > 0 ? [`Nothing yet from ${absent.join(', ')}.`] : [],
    attention.length === 0
      ? ['Nothing needs attention.']
      : ['Needs attention', ...attentionLines(status, attention, rules.length)],
  ];
  // Of many rules nobody reads to the end.
  if (rules.length > MANY_RULES) paragraphs.splice(1, 0, ...paragraphs.splice(-1));
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(escapeForTerminal).join('\n'))
    .join('\n\n');
}

function attentionLines(status: Status, attention: readonly string[], rules: number): string[] {
  const lines = attention.flatMap((sentence) => [`  ! ${sentence}`, ...fixesOf(status, sentence)]);
  return rules > MANY_RULES ? someOf(lines, '  ') : lines;
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

/** Every rule; of many those that do not run as they should, and how many do. */
function rulesLines(rules: readonly RuleState[]): string[] {
  if (rules.length <= MANY_RULES) return rules.flatMap(ruleLines);
  const amiss = rules.filter(({ enabled, overdue, execution }) => !enabled || overdue || hasFailed(execution));
  const alerts = rules.reduce((sum, { lastRun }) => sum + (lastRun?.new ?? 0), 0);
  const fine = rules.length - amiss.length;
  return [
    `  ${fine} of ${rules.length} rules run as they should; ${plural(alerts, 'new alert')} in their last runs`,
    ...someOf(amiss.flatMap(ruleLines), '  '),
  ];
}

/** The first lines, and how many more there are. */
function someOf(lines: readonly string[], indent: string): string[] {
  const more = lines.length - MOST_NAMED;
  return [...lines.slice(0, MOST_NAMED), ...(more > 0 ? [`${indent}and ${more} more: --output json lists them`] : [])];
}

/** How many rules can see a source, and those that see least of it. */
function coverageSummary(coverage: readonly Coverage[], { source }: SourceState): string[] {
  const known = coverage.filter(({ share }) => share !== null);
  const blind = known.filter(({ blind: count }) => count > 0).sort((left, right) => right.blind - left.blind);
  if (known.length === 0) return [];
  const lines = blind.map(({ name, share, causes: [cause] }) => {
    const why = cause === undefined ? '' : `: ${cause.lack}`;
    return `      ${name} is blind on ${percent(share ?? 0)}${why}`;
  });
  return [
    `    ${known.length - blind.length} of ${known.length} rules can see every process creation of ${source}`,
    ...someOf(lines, '      '),
  ];
}

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
  const refused = source.failureStore ?? 0;
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
    ...(refused === 0
      ? []
      : [`    ${plural(refused, 'document')} refused and kept in the failure store, which no rule reads`]),
    ...(ignored.count === 0
      ? []
      : [
          `    ${plural(ignored.count, 'document')} with values that cannot be searched: ${ignored.fields.map(({ field, count }) => `${field} (${count})`).join(', ')}`,
        ]),
    ...(coverage.length > MANY_RULES
      ? coverageSummary(coverage, source)
      : coverage.flatMap((each) => coverageLines(each, source))),
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
