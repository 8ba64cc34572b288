import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EcsFlat, EcsVersion } from '@elastic/ecs';
import { parse, stringify } from 'yaml';

/*
 * Writes mappings/component-templates/<name>.yml for each key of scripts/ecs-fields.yml: types as ECS has them, save for
 *
 * | ECS                         | here                   | why                                                                  |
 * |-----------------------------|------------------------|----------------------------------------------------------------------|
 * | ignore_above: 1024          | 8191                   | a longer value would silently never match; 8,191 always fits a term  |
 * | long, date, ip, float       | ignore_malformed: true | one bad value must not cost the event (not @timestamp: data streams) |
 * | keyword, indexed, unlimited | ignore_above: 8191     | a term over 32,766 bytes refuses the document                        |
 * | constant_keyword            | keyword                | a document that says something else would be refused                 |
 * | synthetic_source_keep       | left out               | OpenSearch and older Elasticsearch refuse it                         |
 */

const ROOT = join(__dirname, '..');
const LONGEST_TERM = 8191;
const CAN_BE_MALFORMED: ReadonlySet<string> = new Set(['long', 'integer', 'float', 'double', 'date', 'ip']);

/** A field's mapping: its type and parameters. */
type Mapping = Record<string, unknown>;
/** A tree of fields, as `properties` nests them. */
type Tree = { [name: string]: { properties: Tree } | Mapping };

interface FieldList {
  readonly ecs: readonly string[];
  readonly own: Readonly<Record<string, Mapping>>;
}

interface EcsField {
  readonly type: string;
  readonly ignore_above?: number;
  readonly index?: boolean;
  readonly doc_values?: boolean;
  readonly multi_fields?: readonly { readonly name: string; readonly type: string }[];
}

/**
 * The files to write: path below the project's root → text.
 * @throws Error when the list names something that ECS does not have
 */
export function generateMappings(): ReadonlyMap<string, string> {
  const lists = parse(readFileSync(join(ROOT, 'scripts/ecs-fields.yml'), 'utf8')) as Record<string, FieldList>;
  return new Map(
    Object.entries(lists).map(([name, list]) => [`mappings/component-templates/${name}.yml`, template(list)]),
  );
}

function template(list: FieldList): string {
  const fields = new Map([
    ...list.ecs.map((name): [string, Mapping] => [name, mappingOf(name)]),
    ...Object.entries(list.own),
  ]);
  const tree: Tree = {};
  for (const [name, mapping] of [...fields].sort(([left], [right]) => (left < right ? -1 : 1))) {
    plant(tree, name.split('.'), mapping);
  }
  const comment = ` Written by \`npm run mappings\` from @elastic/ecs ${EcsVersion} and scripts/ecs-fields.yml: edit that list, not this file.
 Fields that are not listed stay in the document and are not indexed: nothing that an event holds can grow the mapping.\n`;
  const body = { template: { mappings: { dynamic: false, date_detection: false, properties: tree } } };
  return comment.replace(/^(?=.)/gm, '#') + stringify(body, { lineWidth: 0, singleQuote: true });
}

function mappingOf(name: string): Mapping {
  const field = (EcsFlat as unknown as Readonly<Record<string, EcsField>>)[name];
  if (field === undefined) throw new Error(`scripts/ecs-fields.yml: ECS ${EcsVersion} has no field ${name}`);
  const type = field.type === 'constant_keyword' ? 'keyword' : field.type;
  const isSearchable = field.index !== false;
  return {
    type,
    ...(type === 'keyword' && isSearchable && { ignore_above: LONGEST_TERM }),
    ...(CAN_BE_MALFORMED.has(type) && name !== '@timestamp' && { ignore_malformed: true }),
    ...(!isSearchable && { index: false, doc_values: field.doc_values ?? false }),
    ...(field.multi_fields !== undefined && {
      fields: Object.fromEntries(field.multi_fields.map((sub) => [sub.name, { type: sub.type }])),
    }),
  };
}

function plant(tree: Tree, path: readonly string[], mapping: Mapping): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (rest.length === 0) {
    tree[name] = mapping;
    return;
  }
  const branch = (tree[name] ??= { properties: {} }) as { properties: Tree };
  plant(branch.properties, rest, mapping);
}

if (require.main === module) {
  for (const [path, text] of generateMappings()) {
    writeFileSync(join(ROOT, path), text);
  }
}
