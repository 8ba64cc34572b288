import { isRecord } from '../../json';
import type { Body } from '../../resources/kind';
import { OUR_ACTION } from './watch-body';

/** What Elasticsearch writes into a watch that does not say it: the defaults. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  lang: ['painless', 'mustache'],
  search_type: ['query_then_fetch'],
  rest_total_hits_as_int: [true],
};

/**
 * The form in which two watches are compared: what the rule decides. Not in it are our mark and the server's defaults, and
 * what others may add to a watch of ours: actions of their own, a throttle period, metadata.
 */
export function normalizeWatch({ trigger, input, condition, transform, actions, metadata }: Body): Body {
  return {
    name: isRecord(metadata) ? metadata.name : undefined,
    trigger,
    input: plain(input),
    condition: plain(condition),
    transform: plain(transform),
    alerts: plain(isRecord(actions) ? actions[OUR_ACTION] : undefined),
  };
}

/** Actions that somebody else added. */
export function othersActions({ actions }: Body): Body {
  return Object.fromEntries(Object.entries(isRecord(actions) ? actions : {}).filter(([name]) => name !== OUR_ACTION));
}

/** Without defaults, and without members that say nothing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  const told = Object.entries(value).filter(
    ([key, member]) => !DEFAULTS[key]?.includes(member) && member !== undefined,
  );
  return Object.fromEntries(told.map(([key, member]) => [key, plain(member)]));
}
