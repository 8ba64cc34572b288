import type { RequestRow } from '../../src/schedulers/request-table';
import { REQUESTS } from '../../src/doctor/requests';
import { type Verb, namesOf, type Names, type Where } from '../../src/schedulers/request-table';

/** A request as it was seen, and the command that made it. */
export interface Seen {
  readonly verb: Verb;
  readonly method: string;
  /** Decoded, without query. */
  readonly path: string;
}

/** The rows of the table that say what a request needs; none when the table does not know it. */
export function rowsFor(seen: Seen, where: Where): RequestRow[] {
  return REQUESTS.filter((row) => row.verbs.includes(seen.verb) && fits(row, seen, where));
}

function fits({ request, names }: RequestRow, { method, path }: Seen, where: Where): boolean {
  const [wanted, pattern = ''] = request.split(' ');
  if (wanted !== method) return false;
  const form = pattern
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replaceAll('{id}', '[^/]+')
    .replace(/\{[^}]+\}/, '(?<named>[^/_][^/]*)');
  const match = new RegExp(`^${form}$`).exec(path);
  const named = match?.groups?.['named'];
  if (match === null || named === undefined) return match !== null;
  return named.split(',').every((name) => covered(name, names, where));
}

/** Whether a name, or every name that a pattern stands for, is one of those that the role lists. */
function covered(name: string, names: Names | undefined, where: Where): boolean {
  const stream = /^\.ds-(.+?)(-[\d.]+)?-\d{6}$/.exec(name)?.[1] ?? name;
  return (
    names !== undefined &&
    namesOf(names, where).some((listed) =>
      listed.endsWith('*') ? stream.startsWith(listed.slice(0, -1)) : stream === listed,
    )
  );
}
