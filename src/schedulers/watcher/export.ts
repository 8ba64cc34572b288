import type { Body, Content } from '../../resources/kind';
import { desiredWatch } from './watch-kind';
import { withWatchMark } from './ownership-marks';
import type { Rule } from '../../detections/rule';

/** A watch as `PUT _watcher/watch/<_id>` takes it. */
export interface ExportedWatch {
  readonly _id: string;
  readonly watch: Body;
}

/**
 * The rules as watches, with our mark: what is put by hand is what deploy would make, and is ours.
 * @param now milliseconds since 1970: exceptions that have expired by then silence no more
 */
export function exportWatches(
  content: Content,
  rules: readonly Rule[],
  { namespace, indices, now }: { namespace: string; indices?: readonly string[] | undefined; now: number },
): ExportedWatch[] {
  return rules.map((rule) => {
    const { id, body } = desiredWatch(rule, { namespace, indices, now }, content);
    return { _id: id, watch: withWatchMark(id, namespace, body) };
  });
}
