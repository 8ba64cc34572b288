import type { JsonRecord } from '../../src/json';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, writeJson } from '../../src/text/lossless-json';
import type { Source } from './test-server';

/*
 * Real events from public data sets, each labelled with the rules that must alert on it by the original's own
 * search. They are no part of the project: where they are absent, their tests say so and are skipped.
 */
export const LABELLED = join(__dirname, '..', '..', '..', 'shared', 'datasets', 'labelled');

/** The names of the files; none where they are absent. */
export const labelledFiles: readonly string[] = existsSync(LABELLED) ? readdirSync(LABELLED).sort() : [];

export interface Labelled {
  readonly kind: string;
  /** The names of the rules' files. */
  readonly labels: readonly string[];
  /** As its shipper sent it: a document, or the text of one event. */
  readonly raw: JsonRecord | string;
}

const SOURCES: Readonly<Record<string, Source>> = {
  sysmon_1: 'sysmon',
  security_4688: 'security',
  crowdstrike_pr2: 'crowdstrike',
};

/** The events of a file. NXLog's Keywords are integers of 64 bits, which JSON.parse would round to something larger. */
export function labelledEvents(file: string): Labelled[] {
  const lines = readFileSync(join(LABELLED, file), 'utf8').trimEnd().split('\n');
  return lines.map((line) => parseJson(line) as Labelled);
}

/** The data stream of an event. */
export function sourceOf(event: Labelled | undefined): Source {
  const source = SOURCES[event?.kind ?? ''];
  if (source === undefined) throw new Error(`no data stream for events of kind ${String(event?.kind)}`);
  return source;
}

/** An event as it goes to its data stream. */
export function documentOf({ raw }: Labelled): string {
  return writeJson(typeof raw === 'string' ? { message: raw } : raw);
}

/** A `describe` of tests over the labelled events. Without those it is skipped, and its title says why. */
export function describeLabelled(title: string, tests: () => void): void {
  describeWith(LABELLED, title, tests);
}

/**
 * A `describe` of tests that read a file or folder outside the repository. Where that is absent it is skipped, and its title says why:
 * an empty `test.each` outside of it would not skip but fail.
 */
export function describeWith(path: string, title: string, tests: () => void): void {
  if (existsSync(path)) describe(title, tests);
  else describe.skip(`${title} (skipped: no ${path})`, tests);
}
