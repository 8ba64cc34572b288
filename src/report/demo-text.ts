import type { JsonRecord } from '../json';
import type { ReplayResult } from '../replay/replay-stats';
import type { AppliedChange } from '../plan/apply';
import type { Content, Scope } from '../resources/kind';
import { threatOf } from '../detections/attack';
import { describeRule } from '../sigma/compile/describe';
import { type Rule, severityOf } from '../detections/rule';
import type { RuleRun } from '../schedulers/execute-window';
import { plural } from '../text/plural';
import { alertsTable, cellOf } from './alerts-table';
import { replayText } from './replay-text';
import { runText } from './run-text';

/** What the account of the demo is written from. */
export interface DemoAccount {
  readonly scope: Scope;
  readonly content: Content;
  readonly deployed: { readonly applied: { readonly changes: readonly AppliedChange[] } };
  readonly replayed: ReplayResult;
  readonly rules: readonly RuleRun[];
  readonly alerts: readonly JsonRecord[];
}

const NOUNS: readonly (readonly [string, string])[] = [
  ['ingest_pipeline', 'ingest pipeline'],
  ['component_template', 'component template'],
  ['index_template', 'index template'],
  ['detection_rule', 'scheduled rule'],
];

/** A readable account of the demo: what was installed, which events came, which alerts fired and why, what to do next. */
export function demoText(account: DemoAccount, { width, kept }: { width: number; kept: boolean }): string {
  const { scope, content, deployed, replayed, rules, alerts } = account;
  const sections = [
    [
      `1. Installed on ${productOf(scope)}, an embedded engine at ${scope.cluster.url}`,
      installed(deployed.applied.changes),
    ],
    ['2. Replayed the events of samples/ (docs/samples.md tells what each of them is)', replayText(replayed)],
    ['3. Ran the rules', runText(rules)],
    [`4. ${plural(alerts.length, 'alert')}`, alertsTable(alerts, width)],
    ['5. Why', content.rules.map((rule) => why(rule, alerts)).join('\n')],
    ['6. To look around', kept ? lookAround(scope.cluster.url) : AGAIN],
  ];
  return sections.map(([head = '', body = '']) => `${head}\n\n${indented(body)}`).join('\n\n');
}

function productOf({ cluster }: Scope): string {
  return `${cluster.product === 'opensearch' ? 'OpenSearch' : 'Elasticsearch'} ${cluster.version}`;
}

function installed(changes: readonly AppliedChange[]): string {
  const done = changes.filter(({ status }) => status === 'done');
  return done.length === 0
    ? 'Everything was there already.'
    : NOUNS.map(([kind, noun]) => plural(done.filter((change) => change.kind === kind).length, noun)).join(', ');
}

function why(rule: Rule, alerts: DemoAccount['alerts']): string {
  const { tactic, technique } = threatOf(rule);
  const own = alerts.filter((alert) => cellOf(alert, RULE) === rule.uuid);
  return [
    `${rule.name} (version ${rule.version}): ${plural(own.length, 'alert')}`,
    `  risk ${rule.risk.score}, ${severityOf(rule.risk.score).word}; ATT&CK ${technique.id.join(', ')} ${technique.name.join(', ')}, ${tactic.id.join(', ')} ${tactic.name.join(', ')}`,
    `  fires when ${describeRule(rule)}`,
  ].join('\n');
}

const RULE = { title: 'RULE', fields: ['rule.uuid'] };

const AGAIN = `npm run demo -- --keep    leaves the engine running and says how to look around`;

function lookAround(url: string): string {
  return [
    `export WMI_DETECTIONS_ES_URL=${url}`,
    'node dist/cli.js alerts                    the alerts again; --output json and csv too',
    'node dist/cli.js plan                      what a deploy would change: nothing',
    'node dist/cli.js replay FILE               your own events, then `run`, then `alerts`',
    `curl '${url}/logs-*-default/_search?pretty'   the events as ECS documents`,
    'node dist/cli.js engine stop               ends the engine and removes its data',
  ].join('\n');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `   ${line.trimStart() === line ? line : line.replace(/^ {2}/, '')}`))
    .join('\n');
}
