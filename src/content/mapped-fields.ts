import { isRecord } from '../json';

/** What a script needs to know of a field: text (also keyword, ip …), a whole number, a date, or an object of any form. */
export type FieldWord = 'k' | 'n' | 'd' | 'o';

/** The fields of a mapping, nested as in a document. */
export interface MappedFields {
  readonly [name: string]: FieldWord | MappedFields;
}

/**
 * The fields that a component template maps, for a script that moves away what the mapping would refuse.
 * @param template the body of a component template
 */
export function mappedFields(template: Readonly<Record<string, unknown>>): MappedFields {
  const inner = isRecord(template.template) ? template.template : {};
  return isRecord(inner.mappings) ? fieldsBelow(inner.mappings) : {};
}

function fieldsBelow(parent: Readonly<Record<string, unknown>>): MappedFields {
  const properties = isRecord(parent.properties) ? parent.properties : {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      isRecord(field) ? [[name, isRecord(field.properties) ? fieldsBelow(field) : wordOf(field.type)]] : [],
    ),
  );
}

function wordOf(type: unknown): FieldWord {
  if (type === 'long') return 'n';
  if (type === 'date') return 'd';
  return type === 'flattened' ? 'o' : 'k';
}
