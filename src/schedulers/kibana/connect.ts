import type { RequestContext } from '../../cluster/connection';
import { connectKibana } from '../../cluster/kibana';
import { ProblemError } from '../../errors';
import type { Settings } from '../../settings';
import type { Check } from '../check';
import { failedCheck } from '../check';
import type { KibanaConnection } from './spaces';

/**
 * Connects to the Kibana that the settings name.
 * @param options.needed why one is needed; undefined where none is
 * @returns undefined where they name none and none is needed
 * @throws ProblemError SETTINGS when one is needed and not named, and whatever `connectKibana` throws
 */
export async function connectNamedKibana(
  { kibana }: Settings,
  { signal, retryPolicy }: RequestContext,
  options: { readonly needed?: 'scheduler' | 'live test' | undefined } = {},
): Promise<KibanaConnection | undefined> {
  const { url, spaces, ...access } = kibana;
  if (url !== undefined)
    return { server: await connectKibana({ url, ...access }, spaces, { signal, retryPolicy }), spaces };
  if (options.needed === undefined) return undefined;
  const [why, otherwise] =
    options.needed === 'live test'
      ? ['in a live test Kibana runs the rules', 'without --live our own scheduler runs them']
      : ['the scheduler is kibana', 'or use --scheduler local'];
  const name = 'Give --kibana-url URL, set WMI_DETECTIONS_KIBANA_URL, or write kibana.url into wmi-detections.yml';
  throw new ProblemError('SETTINGS', [{ message: `${why}, and no Kibana is named`, hint: `${name}; ${otherwise}.` }]);
}

interface KibanaPrivileges {
  readonly has_encryption_key?: boolean;
  readonly has_all_requested?: boolean;
}

/** Whether rules can run in the spaces that the settings name. */
export async function checkKibana({ kibana }: Settings, context: RequestContext): Promise<Check> {
  const about = 'scheduler kibana';
  const { url, spaces, ...access } = kibana;
  if (url === undefined) {
    const fix = 'Give --kibana-url, or use --scheduler local.';
    return { about, state: 'missing', message: 'no Kibana is named', fix };
  }
  try {
    const server = await connectKibana({ url, ...access }, spaces, context);
    for (const space of spaces) {
      const path = '/api/detection_engine/privileges';
      const { body } = await server.ask<KibanaPrivileges>({ method: 'GET', path, space });
      if (body.has_encryption_key === false) {
        const message = 'Kibana has no key to encrypt with, and runs no rules without';
        const fix = 'Set xpack.encryptedSavedObjects.encryptionKey in kibana.yml.';
        return { about, state: 'missing', message, fix };
      }
      if (body.has_all_requested === false) {
        const message = `in space ${space} you may not do everything with alerts`;
        return { about, state: 'warning', message, fix: '`wmi-detections doctor --roles` prints what is needed.' };
      }
    }
    return { about, state: 'ok', message: `Kibana ${server.version} at ${server.url}` };
  } catch (error) {
    return failedCheck(about, error);
  }
}
