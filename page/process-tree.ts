import { howFound, type ProcessNode } from '../src/report/alerts-page';
import type { Met } from '../src/sigma/compile/evaluate';
import { element } from './dom';
import { safeText } from './safe-text';

/** Processes, each with those that it started below it; what met the rule in an alert's own command line is marked. */
export function processTree(nodes: readonly ProcessNode[], met: readonly Met[]): HTMLUListElement {
  return element('ul', { class: 'tree' }, ...nodes.map((node) => branch(node, met)));
}

function branch(node: ProcessNode, met: readonly Met[]): HTMLLIElement {
  const { name, pid, commandLine, user, start, alerted, children } = node;
  const how = howFound(node);
  const about = [
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(user === null ? [] : [user]),
    ...(start === null ? [] : [start.slice(0, 19).replace('T', ' ')]),
    ...(how === undefined ? [] : [how]),
  ];
  const head = element(
    'div',
    alerted ? { class: 'process alerted' } : { class: 'process' },
    element('strong', {}, ...safeText(name === '' ? 'unknown process' : name)),
    ...(alerted ? [' ', element('span', { class: 'flag' }, 'alert')] : []),
    element('span', { class: 'soft' }, ...safeText(` ${about.join(' · ')}`)),
  );
  if (commandLine !== null) {
    const own = alerted ? met.filter(({ value }) => value === commandLine) : [];
    head.append(element('code', {}, ...safeText(commandLine, own)));
  }
  return element('li', {}, head, ...(children.length === 0 ? [] : [processTree(children, met)]));
}
