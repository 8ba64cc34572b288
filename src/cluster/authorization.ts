import type { Access } from '../settings';

/** The header that lets a request in; undefined where none is wanted, or where each request is signed. */
export function authorizationOf({ apiKey, username, password, bearer }: Access): string | undefined {
  if (apiKey !== undefined) return `ApiKey ${apiKey}`;
  if (bearer !== undefined) return `Bearer ${bearer}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}
