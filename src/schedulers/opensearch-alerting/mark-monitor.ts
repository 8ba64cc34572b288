import { ProblemError } from '../../errors';
import { askAlerting } from './plugin';
import type { Desired, Scope } from '../../resources/kind';
import { takenOver } from './find-monitors';
import { withMonitorMark } from './ownership-marks';

/**
 * Puts our mark and our name on the monitor that runs a rule of ours under another name, and leaves everything else in it as
 * it is: the name is a part of the mark.
 * @throws ProblemError REFUSED when there is no such monitor, or more than one
 */
export async function markMonitor({ cluster, namespace }: Scope, { id, body }: Desired): Promise<void> {
  const [found, ...more] = await takenOver(cluster, namespace, [id]);
  if (found === undefined || more.length > 0) {
    const names = [found, ...more].map((each) => `“${String(each?.monitor.name)}”`).join(', ');
    const message = found === undefined ? 'the monitor is gone' : `several monitors run this rule: ${names}`;
    const hint = found === undefined ? 'Run plan again.' : 'Delete all but one of them, then adopt that one.';
    throw new ProblemError('REFUSED', [{ where: { url: cluster.url }, message, hint }]);
  }
  const mark = { id, namespace, digest: '' };
  await askAlerting(cluster, {
    method: 'PUT',
    path: `/${encodeURIComponent(found.id)}`,
    query: { if_seq_no: found.seqNo, if_primary_term: found.primaryTerm },
    body: { ...withMonitorMark(found.monitor, mark), name: body.name },
  });
}
