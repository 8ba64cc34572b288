import type { BlindSpot } from '../visibility/blind-spot';
import { escapeForTerminal } from '../text/escape';

/** Blind spots for a person: a line each, what helps below it. */
export function blindSpotLines(spots: readonly BlindSpot[]): string[] {
  if (spots.length === 0) return [];
  const lines = spots.flatMap(({ message, fix }) => [`  ! ${message}`, `      ${fix}`]);
  return ['', 'What rules cannot see (docs/blind-spots.md)', ...lines.map(escapeForTerminal)];
}

/** What scripts read of blind spots: nothing where there are none. */
export function blindSpotsJson(blindSpots: readonly BlindSpot[]): object {
  return blindSpots.length === 0 ? {} : { blindSpots };
}
