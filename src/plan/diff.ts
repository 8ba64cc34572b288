import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import type { Body } from '../resources/kind';

/** A unified diff, in YAML as in the content files, of what is on the cluster and what is to be. */
export function bodyDiff(before: Body, after: Body, id: string): string {
  const patch = createTwoFilesPatch(`cluster/${id}`, `content/${id}`, yamlOf(before), yamlOf(after), '', '', {
    context: 3,
  });
  // The first line is a row of `=`.
  return patch.slice(patch.indexOf('\n') + 1);
}

function yamlOf(body: Body): string {
  return stringify(body, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}
