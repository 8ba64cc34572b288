import { escapeForTerminal } from '../src/text/escape';
import { element, type Child } from './dom';

/** A part of a text, in UTF-16 units. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * A text from an event as nodes: what would act on the reader (marks of the bidirectional algorithm, controls, invisible
 * characters) is written out and looks like it, and the ranges are marked.
 * @param ranges in any order; they may overlap, or reach beyond the text
 */
export function safeText(text: string, ranges: readonly Range[] = []): Child[] {
  const nodes: Child[] = [];
  let at = 0;
  for (const { offset, length } of merged(ranges)) {
    nodes.push(...visible(text.slice(at, offset)));
    at = Math.min(offset + length, text.length);
    nodes.push(element('mark', {}, ...visible(text.slice(offset, at))));
  }
  return [...nodes, ...visible(text.slice(at))];
}

/** Ranges that overlap become one, the first first. */
function merged(ranges: readonly Range[]): Range[] {
  const joined: { offset: number; length: number }[] = [];
  for (const { offset, length } of [...ranges].sort((left, right) => left.offset - right.offset)) {
    const last = joined.at(-1);
    if (last !== undefined && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      joined.push({ offset, length });
    }
  }
  return joined;
}

function visible(text: string): Child[] {
  if (escapeForTerminal(text) === text) return text === '' ? [] : [text];
  const nodes: Child[] = [];
  let plain = '';
  for (const character of text) {
    const shown = escapeForTerminal(character);
    if (shown === character) {
      plain += character;
      continue;
    }
    if (plain !== '') nodes.push(plain);
    plain = '';
    nodes.push(element('span', { class: 'active' }, shown));
  }
  return plain === '' ? nodes : [...nodes, plain];
}
