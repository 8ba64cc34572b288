import { ProblemError } from '../errors';
import type { RequestContext } from '../cluster/connection';
import type { Webhook } from '../settings';
import { bodyOf } from './forms';
import { messageOf, type AlertDocument } from './message';
import { openWebhook, originOf, type Reply } from './post';

/** How a webhook took the sample. */
export interface Tried {
  readonly webhook: string;
  readonly form: Webhook['form'];
  /** Scheme and host. */
  readonly url: string;
  readonly accepted: boolean;
  /** Status and beginning of the answer, or why there is none. */
  readonly answer: string;
}

/** An alert of no event. */
const SAMPLE: AlertDocument = {
  _id: '0'.repeat(64),
  '@timestamp': '2025-03-11T10:03:13.207Z',
  event: {
    kind: 'alert',
    risk_score: 49,
    severity: 73,
    start: '2025-03-11T10:03:13.207Z',
    end: '2025-03-11T10:03:13.207Z',
  },
  message: 'A sample of `wmi-detections notify test`',
  rule: { uuid: '00000000-0000-4000-8000-000000000000', name: 'Sample of `wmi-detections notify test`' },
  threat: {
    framework: 'MITRE ATT&CK',
    technique: {
      id: ['T1047'],
      name: ['Windows Management Instrumentation'],
      reference: ['https://attack.mitre.org/techniques/T1047/'],
    },
  },
  host: { name: 'sample-host' },
  user: { name: 'sample-user' },
  process: {
    name: 'cmd.exe',
    command_line: 'cmd.exe /c echo "a sample of wmi-detections" & exit',
    parent: { name: 'WmiPrvSE.exe', command_line: 'C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding' },
  },
  wmi_detections: { count: 1, status: 'open', scheduler: 'local' },
};

/**
 * Sends a sample that is marked as one to each webhook, whatever it chooses of alerts. Nothing is read from a cluster or recorded.
 * @throws ProblemError INTERRUPTED
 */
export async function notifyTest(
  webhooks: readonly Webhook[],
  namespace: string,
  context: RequestContext,
): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const webhook of webhooks) {
    const reply = await tryOut(webhook, namespace, context);
    const said = reply.accepted ? `${reply.status}${reply.said === '' ? '' : ` ${reply.said}`}` : reply.reason;
    const { name, form } = webhook;
    tried.push({ webhook: name, form, url: originOf(webhook), accepted: reply.accepted, answer: said });
  }
  return tried;
}

async function tryOut(webhook: Webhook, namespace: string, context: RequestContext): Promise<Reply> {
  try {
    const open = await openWebhook(webhook, context);
    try {
      return await open.post(bodyOf(messageOf([SAMPLE], { namespace, test: true }), webhook));
    } finally {
      await open.close();
    }
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
    return { accepted: false, reason: error.problems[0]?.message ?? error.message, perhapsMessage: false };
  }
}
