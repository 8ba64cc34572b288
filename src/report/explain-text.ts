import { textAt, type JsonRecord } from '../json';
import type { Met } from '../sigma/compile/evaluate';
import { severityOf } from '../detections/rule';
import type { ExplainedEvent, Explanation } from '../alerts/explain';
import { escapeForTerminal, cut, lengthOf } from '../text/escape';
import { plural } from '../text/plural';
import { howFound, type ProcessNode } from './alerts-page';
import { processTree } from './alerts-page-of';

/** So many events are shown; the others say the same. */
const MOST_EVENTS = 5;

/**
 * Why an alert is there, for a terminal: nothing in it acts on one.
 * @param width characters of a line; longer values are cut around what matters in them
 */
export function explainText(explanation: Explanation, width: number): string {
  const { alert, rule, events, gone, notes } = explanation;
  const more = events.length > MOST_EVENTS ? [`  … and ${plural(events.length - MOST_EVENTS, 'more event')}`] : [];
  const lost = gone.length === 0 ? [] : [`  ${plural(gone.length, 'event is', 'events are')} not there any more`];
  const paragraphs = [
    headLines(alert),
    ['Events', ...events.slice(0, MOST_EVENTS).flatMap((event) => eventLines(event, width)), ...more, ...lost],
    ['Around it', ...aroundLines(explanation, width)],
    rule?.triage == null
      ? []
      : ['What to do', ...wrapped(escapeForTerminal(rule.triage), width - 2).map((line) => `  ${line}`)],
    rule === null || rule.falsePositives.length === 0
      ? []
      : ['It may be harmless', ...rule.falsePositives.map((text) => `  ${escapeForTerminal(text)}`)],
    rule === null || rule.references.length === 0
      ? []
      : ['References', ...rule.references.map((url) => `  ${escapeForTerminal(url)}`)],
    notes.map((note) => `! ${escapeForTerminal(note)}`),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function headLines(alert: JsonRecord & { readonly _id: string }): string[] {
  const of = (field: string): string => escapeForTerminal(textAt(alert, field) ?? '-');
  const score = Number(textAt(alert, 'event.risk_score'));
  return [
    `${of('rule.name')} (version ${of('rule.version')}): risk ${score}, ${severityOf(score).word}; ${of('wmi_detections.status')}`,
    escapeForTerminal(alert._id),
    of('message'),
    `${of('event.start')} to ${of('event.end')}, ${plural(Number(of('wmi_detections.count')), 'event')}, ATT&CK ${of('threat.technique.id')}`,
  ];
}

function eventLines({ _index, _source: source = {}, met }: ExplainedEvent, width: number): string[] {
  const [time, host, user] = [['@timestamp'], ['host.name', 'host.id'], ['user.name', 'user.id']].map((fields) =>
    escapeForTerminal(fields.map((field) => textAt(source, field)).find((text) => text !== null) ?? '-'),
  );
  const head = `  ${time ?? ''}  ${host ?? ''}  ${user ?? ''}  (${escapeForTerminal(_index)})`;
  return [head, ...(met ?? []).flatMap((one) => metLines(one, width))];
}

/** What was asked, the value around what met it, and a line below that points at that. */
function metLines({ field, test, value, offset, length }: Met, width: number): string[] {
  const room = Math.max(20, width - 8);
  const part = clipped(value.slice(offset, offset + length), room - 2);
  const spare = Math.max(0, Math.floor((room - lengthOf(part)) / 2));
  const before = Array.from(escapeForTerminal(value.slice(0, offset)));
  const after = escapeForTerminal(value.slice(offset + length));
  const left = before.length > spare ? ['…', ...before.slice(before.length - spare + 1)] : before;
  const right = clipped(after, Math.max(1, room - left.length - lengthOf(part)));
  return [
    `    ${escapeForTerminal(field)} ${escapeForTerminal(test)}`,
    `      ${left.join('')}${part}${right}`,
    `      ${' '.repeat(left.length)}${'^'.repeat(Math.max(1, lengthOf(part)))}`,
  ];
}

function aroundLines({ process, around }: Explanation, width: number): string[] {
  const tree = processTree(process, around);
  return [
    ...(tree.some(({ alerted }) => alerted) ? ['  parent  no event of its creation is there'] : []),
    ...treeLines(tree, width),
    ...(around.children.length === 0 ? ['  child   none is there'] : []),
  ];
}

function treeLines(nodes: readonly ProcessNode[], width: number): string[] {
  return nodes.flatMap((node) => [clipped(processLine(node), width), ...treeLines(node.children, width)]);
}

function processLine(node: ProcessNode): string {
  const { start, pid, name, commandLine, alerted, children } = node;
  const word = alerted ? 'this  ' : children.some((child) => child.alerted) ? 'parent' : 'child ';
  const how = howFound(node);
  const who = `${name === '' ? '-' : name}${how === undefined ? '' : ` (${how})`}`;
  return `  ${word}  ${start ?? '-'}  ${pid ?? '-'}  ${who}  ${commandLine ?? ''}`.trimEnd();
}

/** Made harmless, then cut. */
function clipped(text: string, most: number): string {
  return cut(escapeForTerminal(text), most);
}

function wrapped(text: string, width: number): string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}
