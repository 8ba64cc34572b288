import { severityOf, type Severity } from '../detections/rule';
import { isRecord, textAt, textsAt, type JsonRecord } from '../json';
import { plain } from './plain';

/** An alert document with its `_id`. */
export type AlertDocument = JsonRecord & { readonly _id: string };

/** What an analyst needs first of one alert. Every text is made plain and cut. */
export interface AlertFacts {
  /** When its first event was, ISO 8601. */
  readonly time: string;
  readonly host: string;
  readonly user: string;
  readonly parent: string;
  readonly commandLine: string;
  /** How many events it has. */
  readonly events: number;
}

/** What a webhook is to say, in no form yet: of one alert, or of many alerts of one rule. Every text is made plain and cut. */
export interface Message {
  /** It is a sample of `notify test`. */
  readonly test: boolean;
  readonly rule: { readonly uuid: string; readonly name: string };
  readonly severity: Severity;
  readonly risk: number;
  /** `T1047 Windows Management Instrumentation`, and its page at MITRE; sub-techniques in place of those above them. */
  readonly techniques: readonly { readonly name: string; readonly url: string | null }[];
  /** How many alerts it is about. */
  readonly count: number;
  /** The first of them. */
  readonly alerts: readonly AlertFacts[];
  /** The same, as documents of the alert index without `wmi_detections.notified`. */
  readonly documents: readonly AlertDocument[];
  /** The command that explains the alert, or lists them. */
  readonly explain: string;
}

/** So many alerts of a storm are shown. */
export const MOST_SHOWN = 5;

/** Characters of each text; the whole stays below what Slack and Teams take. */
const MOST = { name: 200, command: 1_000, parent: 300, commandInStorm: 200 } as const;

/** So much of an id finds an alert; `alerts --with-ids` shows as much. */
const ID_LENGTH = 12;

interface MessageOptions {
  readonly namespace: string;
  /** How many alerts it is about; as many as are given where not given. */
  readonly count?: number;
  readonly test?: boolean;
  /** Leaves out what comes from events: something on the way refuses it. */
  readonly withheld?: boolean;
}

/**
 * The message about alerts of one rule.
 * @param alerts the first of them, at least one
 */
export function messageOf(
  alerts: readonly [AlertDocument, ...AlertDocument[]],
  { namespace, count = alerts.length, test = false, withheld = false }: MessageOptions,
): Message {
  const shown = alerts.slice(0, MOST_SHOWN).map(withheld ? withoutEventTexts : withoutNotified);
  const [first] = alerts;
  const risk = Number(textAt(first, 'event.risk_score') ?? 0);
  const uuid = textOf(first, ['rule.uuid']);
  const elsewhere = namespace === 'default' ? '' : ` --namespace ${namespace}`;
  const command =
    count === 1
      ? `alerts explain ${plain(first._id.slice(0, ID_LENGTH), ID_LENGTH)}`
      : `alerts --rule ${uuid} --with-ids --limit ${count}`;
  return {
    test,
    rule: { uuid, name: textOf(first, ['rule.name']) },
    severity: severityOf(risk).word,
    risk,
    techniques: techniquesOf(first),
    count,
    alerts: shown.map((alert) => factsOf(alert, count > 1)),
    documents: shown,
    explain: `wmi-detections ${command}${elsewhere}`,
  };
}

/** The values that groups, messages and risk objects have as well, each from the first field that has one. */
function factsOf(alert: AlertDocument, isStorm: boolean): AlertFacts {
  const command = ['process.command_line', 'process.executable', 'process.name'];
  const parent = ['process.parent.command_line', 'process.parent.executable', 'process.parent.name'];
  return {
    time: textOf(alert, ['event.start', '@timestamp']),
    host: textOf(alert, ['host.name', 'host.id']),
    user: textOf(alert, ['user.name', 'user.id']),
    parent: textOf(alert, parent, MOST.parent),
    commandLine: textOf(alert, command, isStorm ? MOST.commandInStorm : MOST.command),
    events: Number(textAt(alert, 'wmi_detections.count') ?? 1),
  };
}

function textOf(alert: AlertDocument, fields: readonly string[], most: number = MOST.name): string {
  const found = fields.map((field) => textAt(alert, field)).find((text) => text !== null);
  return plain(found ?? '-', most);
}

/** MITRE's pages; nothing else becomes a link. */
const PAGE = /^https:\/\/attack\.mitre\.org\/techniques\/T\d{4}\/(?:\d{3}\/)?$/;

function techniquesOf(alert: AlertDocument): Message['techniques'] {
  const [techniques, below] = ['threat.technique', 'threat.technique.subtechnique'].map((field) => {
    const [ids, names, urls] = ['id', 'name', 'reference'].map((part) => textsAt(alert, `${field}.${part}`));
    return (ids ?? []).map((id, at) => ({ id, name: names?.[at] ?? '', url: urls?.[at] ?? '' }));
  });
  const isAbove = ({ id }: { readonly id: string }): boolean =>
    (below ?? []).some((each) => each.id.startsWith(`${id}.`));
  return [...(techniques ?? []).filter((each) => !isAbove(each)), ...(below ?? [])].map(({ id, name, url }) => ({
    name: plain(`${id} ${name}`.trim(), MOST.name),
    url: PAGE.test(url) ? url : null,
  }));
}

/** What it records of webhooks is of no use to one. */
function withoutNotified(alert: AlertDocument): AlertDocument {
  const { wmi_detections: ours } = alert;
  return isRecord(ours) ? { ...alert, wmi_detections: { ...ours, notified: undefined } } : alert;
}

const WITHHELD = '(withheld: the webhook refused the whole message several times)';

/** What only the rule and this program decide, and a word in place of the rest. */
function withoutEventTexts({ _id, '@timestamp': time, event, rule, threat, wmi_detections: ours }: AlertDocument) {
  const { count, status, scheduler } = isRecord(ours) ? ours : {};
  return {
    _id,
    '@timestamp': time,
    event,
    message: WITHHELD,
    rule,
    threat,
    host: { name: WITHHELD },
    user: { name: WITHHELD },
    process: { command_line: WITHHELD, parent: { command_line: WITHHELD } },
    wmi_detections: { count, status, scheduler },
  };
}
