import { ProblemError } from '../errors';
import { notifyTest } from '../notify/sample';
import type { Webhook } from '../settings';
import { escapeForTerminal } from '../text/escape';
import { nearest } from '../text/suggest';
import { declare, settingsOf } from './command';

/**
 * The webhooks that somebody names, all where nobody names any.
 * @throws ProblemError SETTINGS when the settings have none, USAGE for each name that is not there
 */
function chosenWebhooks(webhooks: readonly Webhook[], names: readonly string[]): readonly Webhook[] {
  if (webhooks.length === 0) throw noWebhook();
  const known = webhooks.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ProblemError(
      'USAGE',
      unknown.map((name) => {
        const near = nearest(name, known);
        const hint = near === undefined ? `Known: ${known.join(', ')}.` : `Did you mean \`${near}\`?`;
        return { message: `the settings have no webhook \`${name}\``, hint };
      }),
    );
  }
  return webhooks.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** The error of a command that needs a webhook. */
export function noWebhook(): ProblemError {
  const hint = 'Add a `notify` block to the settings file; docs/notify.md describes it.';
  return new ProblemError('SETTINGS', [{ message: 'the settings have no webhook', hint }]);
}

export const notifyCommand = declare({
  interrupted: 'webhooks that are not listed were not tried',
  positionals: {
    action: { choices: ['test'] as const, demandOption: true, describe: 'what to do' },
    webhooks: { type: 'string', array: true, describe: 'names of webhooks in the settings; all without any' },
  },
  options: {},
  examples: [['$0 notify test', 'sends a marked sample to each webhook and shows the answers']],
  run: async (context, argv) => {
    const settings = settingsOf(context, argv, { notify: true });
    const tried = await notifyTest(chosenWebhooks(settings.notify, argv.webhooks ?? []), settings.namespace, context);
    const lines = tried.map(({ webhook, url, form, accepted, answer }) => {
      const result = accepted ? 'accepted' : 'not accepted';
      return escapeForTerminal(`${webhook} (${form}, ${url}): ${result}${answer === '' ? '' : `: ${answer}`}`);
    });
    return { json: tried, text: lines.join('\n'), exit: tried.every(({ accepted }) => accepted) ? 0 : 1 };
  },
});
