import { isRecord, valueAt } from '../json';
import type { Webhook } from '../settings';
import { PLACEHOLDER, type TemplateWord, type WebhookForm } from '../settings/webhooks';
import { cut } from '../text/escape';
import type { Message } from './message';
import { plain } from './plain';
import { linesOf, linesText, textOfMessage, titleOf } from './text';

/** What JSON leaves as it is and what acts on a terminal or reorders text: it is written as an escape of JSON. */
const ACTIVE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The body of the request that brings a message to a webhook; nothing in it acts on what shows it. */
export function bodyOf(message: Message, { form, template }: Pick<Webhook, 'form' | 'template'>): string {
  const text = JSON.stringify(FORMS[form](message, template));
  return text.replace(ACTIVE, (character) =>
    character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

const FORMS: Readonly<Record<WebhookForm, (message: Message, template: unknown) => unknown>> = {
  json: jsonBody,
  slack: slackBody,
  teams: teamsBody,
  template: filled,
};

/** For programs: the alert documents as they are, and the message. */
function jsonBody(message: Message): unknown {
  const { test, count, documents } = message;
  return { test, text: textOfMessage(message), count, alerts: documents };
}

/** Slack's longest header. */
const MOST_HEADER = 150;

/**
 * Slack shows the blocks and takes the text for the notification; Mattermost, which knows no blocks, shows the text as Markdown.
 * What comes from events is in a code block there: no link, no mention and no mark-up is read in it. Each of its lines begins with
 * our own word, so none can end the block.
 * Source: https://docs.slack.dev/messaging/formatting-message-text,
 * https://docs.mattermost.com/developers/integrate/slash-commands/slack
 */
function slackBody(message: Message): unknown {
  const title = titleOf(message);
  const techniques = message.techniques.map(({ name, url }) => `ATT&amp;CK ${slackLink(name, url)}`);
  const fence = '```';
  const text = [
    slackText(title),
    ...techniques,
    fence,
    slackText(linesText(message)),
    fence,
    slackText(message.explain),
  ];
  return {
    text: text.join('\n'),
    // Slack would fetch what a command line names.
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(title, MOST_HEADER), emoji: false } },
      ...(techniques.length === 0
        ? []
        : [{ type: 'section', text: { type: 'mrkdwn', text: techniques.join('\n'), verbatim: true } }]),
      {
        type: 'rich_text',
        elements: [
          { type: 'rich_text_preformatted', elements: [{ type: 'text', text: linesText(message) }] },
          { type: 'rich_text_section', elements: [{ type: 'text', text: message.explain, style: { code: true } }] },
        ],
      },
    ],
  };
}

/** The three characters that Slack reads as control characters. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function slackLink(name: string, url: string | null): string {
  const text = slackText(name).replaceAll('|', ' ');
  return url === null ? text : `<${url}|${text}>`;
}

const COLORS = { low: 'default', medium: 'warning', high: 'attention', critical: 'attention' } as const;

/**
 * An Adaptive Card for a workflow of Teams. Its texts are text runs, in which Teams reads no Markdown.
 * Source: https://adaptivecards.io/explorer/TextRun.html,
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
 */
function teamsBody(message: Message): unknown {
  const run = (text: string, more: object = {}): object => ({ type: 'TextRun', text, ...more });
  const line = (...inlines: readonly object[]): object => ({ type: 'RichTextBlock', inlines });
  const links = message.techniques.flatMap(({ name, url }) =>
    url === null ? [] : [{ type: 'Action.OpenUrl', title: `ATT&CK ${name}`, url }],
  );
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      line(run(titleOf(message), { size: 'large', weight: 'bolder', color: COLORS[message.severity] })),
      ...message.techniques.map(({ name }) => line(run(`ATT&CK ${name}`))),
      ...linesOf(message).map(([name, value]) =>
        line(run(`${name}: `, { isSubtle: true }), run(value, { fontType: 'monospace' })),
      ),
      line(run(message.explain, { fontType: 'monospace' })),
    ],
    ...(links.length > 0 && { actions: links }),
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return { type: 'message', attachments: [attachment] };
}

/** What each word of a template stands for. */
const WORDS: Readonly<Record<TemplateWord, (message: Message) => string | number | boolean | null>> = {
  text: textOfMessage,
  title: titleOf,
  rule: ({ rule }) => rule.name,
  rule_id: ({ rule }) => rule.uuid,
  severity: ({ severity }) => severity,
  risk: ({ risk }) => risk,
  technique: ({ techniques }) => techniques.map(({ name }) => name).join(', '),
  technique_url: ({ techniques }) => techniques[0]?.url ?? null,
  time: ({ alerts }) => alerts[0]?.time ?? null,
  host: ({ alerts }) => alerts[0]?.host ?? null,
  user: ({ alerts }) => alerts[0]?.user ?? null,
  parent: ({ alerts }) => alerts[0]?.parent ?? null,
  command_line: ({ alerts }) => alerts[0]?.commandLine ?? null,
  count: ({ count }) => count,
  explain: ({ explain }) => explain,
  alert_id: ({ documents }) => documents[0]?._id ?? null,
  test: ({ test }) => test,
};

/** Characters of a field of the alert. */
const MOST_FIELD = 1_000;

/** The template with each text that is a placeholder replaced by its value; nothing is put into a text. */
function filled(message: Message, template: unknown): unknown {
  if (Array.isArray(template)) return template.map((item: unknown) => filled(message, item));
  if (isRecord(template)) {
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(message, value)]));
  }
  const word = typeof template === 'string' ? PLACEHOLDER.exec(template)?.[1] : undefined;
  if (word === undefined) return template;
  if (Object.hasOwn(WORDS, word)) return WORDS[word as TemplateWord](message);
  return madePlain(valueAt(message.documents[0], word.split('.'))) ?? null;
}

/** A value of an alert, every text in it made plain. */
function madePlain(value: unknown): unknown {
  if (typeof value === 'string') return plain(value, MOST_FIELD);
  if (Array.isArray(value)) return value.map(madePlain);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [plain(key, MOST_FIELD), madePlain(inner)]));
}
