import { join } from 'node:path';
import { readContent } from '../../src/content/read-content';
import { isRecord } from '../../src/json';

/*
 * The scripts know the mapped fields (the parameter `mapped`), so that they can move away what the mapping would refuse.
 */
const content = readContent(join(__dirname, '..', '..'));

function body(id: string): Record<string, unknown> {
  return content.find((resource) => resource.id === id)?.body ?? {};
}

/** `k` for text, `n` for whole numbers, `d` for dates, `o` for an object of any form: the words of the pipeline. */
function wordOf(type: unknown): string {
  if (type === 'long') return 'n';
  if (type === 'date') return 'd';
  return type === 'flattened' ? 'o' : 'k';
}

function mappedFields(properties: unknown, path = ''): string[] {
  return Object.entries(isRecord(properties) ? properties : {}).flatMap(([name, field]) => {
    if (!isRecord(field)) return [];
    return isRecord(field.properties)
      ? mappedFields(field.properties, `${path}${name}.`)
      : [`${path}${name} ${wordOf(field.type)}`];
  });
}

function knownFields(mapped: unknown, path = ''): string[] {
  return Object.entries(isRecord(mapped) ? mapped : {}).flatMap(([name, word]) =>
    isRecord(word) ? knownFields(word, `${path}${name}.`) : [`${path}${name} ${String(word)}`],
  );
}

test('pipelines and mappings: the pipeline knows every field of the mapping and no other', () => {
  const { template } = body('process_creation@mappings') as { template: { mappings: { properties: unknown } } };
  const { processors } = body('process_creation@event-pipeline') as {
    processors: [{ script: { params: { mapped: unknown } } }];
  };
  const known = knownFields(processors[0].script.params.mapped).sort();
  expect(known).toEqual(mappedFields(template.mappings.properties).sort());
});
