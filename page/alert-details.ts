import type { Met } from '../src/sigma/compile/evaluate';
import { element, type Child } from './dom';
import type { Item } from './filters';
import { link } from './link';
import { processTree } from './process-tree';
import { safeText } from './safe-text';

/** Why an alert adds nothing to an entity's risk. */
const REASONS = {
  closed: 'it is closed',
  repeat: 'the same process was told of before',
  cap: 'the rule has added enough',
} as const;

/** Everything about an alert, for when it is opened. */
export function alertDetails({ alert, rule }: Item): HTMLElement {
  const risk = alert.risk.map(({ type, value, added, why }) => [
    `${type} `,
    ...strong(value),
    why === null ? `+${added}` : `+0: ${REASONS[why]}`,
  ]);
  const falsePositives = rule.falsePositives.map((text) => safeText(text));
  const notes = alert.notes.map((note) => element('p', { class: 'soft' }, ...safeText(note)));
  const fields = alert.fields.flatMap(([field, value]) => [
    element('dt', {}, ...safeText(field)),
    element('dd', {}, ...safeText(value)),
  ]);
  return element(
    'div',
    { class: 'details' },
    element(
      'div',
      {},
      part('Why', element('p', {}, ...safeText(alert.message)), ...why(alert.met, alert.process), ...notes),
      part('Processes', processTree(alert.tree, alert.met)),
      part(`Rule, version ${rule.version}`, element('p', {}, ...safeText(rule.description))),
    ),
    element(
      'div',
      {},
      part('What to do', element('p', {}, ...safeText(rule.triage ?? 'The rule has no triage note.'))),
      part('Technique', list(rule.techniques.map(({ id, name, reference }) => [link(reference, `${id} ${name}`)]))),
      part('Risk', list(risk)),
      part('False positives', list(falsePositives)),
      part('References', list(rule.references.map((reference) => [link(reference)]))),
    ),
    element('details', { class: 'fields' }, element('summary', {}, 'All fields'), element('dl', {}, ...fields)),
  );
}

/** The conditions of the rule by the field that met them; where nobody said, what the process was. */
function why(met: readonly Met[], process: string): Child[] {
  if (met.length === 0) return [element('p', {}, element('code', {}, ...safeText(process)))];
  const fields = new Map<string, Met[]>();
  for (const match of met) {
    const key = JSON.stringify([match.field, match.value]);
    fields.set(key, [...(fields.get(key) ?? []), match]);
  }
  return [...fields.values()].flatMap((own) => {
    const [{ field, value } = { field: '', value: '' }] = own;
    const tests = [...new Set(own.map(({ test }) => test))].map((test) => safeText(`${field} ${test}`));
    return [element('p', {}, ...strong(field), element('code', {}, ...safeText(value, own))), list(tests)];
  });
}

function part(title: string, ...children: readonly Child[]): HTMLElement {
  return element('section', {}, element('h3', {}, ...safeText(title)), ...children);
}

function list(items: readonly (readonly Child[])[]): HTMLElement {
  return items.length === 0
    ? element('p', { class: 'soft' }, 'None named.')
    : element('ul', {}, ...items.map((item) => element('li', {}, ...item)));
}

function strong(text: string): Child[] {
  return [element('strong', {}, ...safeText(text)), ' '];
}
