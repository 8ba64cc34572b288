import { escapeForTerminal } from '../text/escape';

/** So many characters of an id that nobody has two alerts with the same beginning. */
export const ID_SHOWN = 12;

/** The beginning of an alert's id, by which the commands find it. */
export function shortId(id: unknown): string {
  return escapeForTerminal(String(id)).slice(0, ID_SHOWN);
}
