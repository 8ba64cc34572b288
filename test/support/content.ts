import { createHash } from 'node:crypto';
import { readAllContent } from '../../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../../src/program';
import type { Content } from '../../src/resources/kind';
import type { Exception } from '../../src/sigma/exceptions';
import type { Rule } from '../../src/detections/rule';

/** The content that comes with the program, its rules and exceptions replaced. */
export function contentWith(rules: readonly Rule[], exceptions: Record<string, Exception[]> = {}): Content {
  const listed = Object.entries(exceptions).map(([slug, entries]) => ({
    slug,
    file: `rules/exceptions/${slug}.yml`,
    entries,
  }));
  return { ...shipped(), rules, exceptions: listed };
}

let read: Content | undefined;

/** The content that comes with the program. */
export function shipped(): Content {
  read ??= readAllContent(PROGRAM_FOLDER);
  return read;
}

/** The first rule that is shipped, with changes. */
export function rule(changes: Partial<Rule> = {}): Rule {
  const [first] = shipped().rules;
  if (first === undefined) throw new Error('no rule is shipped');
  return { ...first, ...changes };
}

/** That many rules, each with an id and a name of its own. */
export function manyRules(count: number, changes: Partial<Rule> = {}): Rule[] {
  return Array.from({ length: count }, (_, number) =>
    rule({ uuid: uuidOf(number), slug: `rule_${number}`, name: `Rule ${number}`, ...changes }),
  );
}

export function uuidOf(number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

/** An exception that Kibana can say: the program of that name. */
export function exception(id: string, changes: Partial<Exception> = {}): Exception {
  return {
    id,
    enabled: true,
    comment: `${id} is ours`,
    author: 'Somebody',
    expires: null,
    place: { file: 'rules/exceptions/test.yml' },
    condition: {
      kind: 'field',
      field: 'process.name',
      test: { kind: 'text', pattern: [{ literal: id }], cased: true },
    },
    ...changes,
  };
}
