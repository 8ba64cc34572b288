import type { Match, ProcessNode } from '../src/report/alerts-page';
import { element } from './dom';
import { safeText } from './safe-text';

/** Processes, each with those that it started below it; what met the rule in an alert's own command line is marked. */
export function processTree(nodes: readonly ProcessNode[], matches: readonly Match[]): HTMLUListElement {
  return element('ul', { class: 'tree' }, ...nodes.map((node) => branch(node, matches)));
}

function branch(node: ProcessNode, matches: readonly Match[]): HTMLLIElement {
  const { name, pid, commandLine, user, start, alerted, children } = node;
  const about = [
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(user === null ? [] : [user]),
    ...(start === null ? [] : [start.slice(0, 19).replace('T', ' ')]),
  ];
  const head = element(
    'div',
    alerted ? { class: 'process alerted' } : { class: 'process' },
    element('strong', {}, ...safeText(name === '' ? 'unknown process' : name)),
    ...(alerted ? [' ', element('span', { class: 'flag' }, 'alert')] : []),
    element('span', { class: 'soft' }, ...safeText(` ${about.join(' · ')}`)),
  );
  if (commandLine !== null) {
    const own = alerted ? matches.filter(({ value }) => value === commandLine) : [];
    head.append(element('code', {}, ...safeText(commandLine, own)));
  }
  return element('li', {}, head, ...(children.length === 0 ? [] : [processTree(children, matches)]));
}
