import fc from 'fast-check';
import { bodyOf } from '../../../src/notify/forms';
import { messageOf, type AlertDocument } from '../../../src/notify/message';
import { plain } from '../../../src/notify/plain';
import type { WebhookForm } from '../../../src/settings/webhooks';
import { alertDocument } from '../../support/alert-document';

type Body = Record<string, unknown>;

function body(form: WebhookForm, alerts: readonly [AlertDocument, ...AlertDocument[]], count = alerts.length): Body {
  return JSON.parse(bodyOf(messageOf(alerts, { namespace: 'default', count }), { form })) as Body;
}

function filled(template: unknown, alert = alertDocument()): unknown {
  return JSON.parse(bodyOf(messageOf([alert], { namespace: 'soc' }), { form: 'template', template }));
}

/** Six alerts of one rule. */
const [one, ...more] = [1, 2, 3, 4, 5, 6].map((n) =>
  alertDocument({ _id: String(n).repeat(64), host: { name: `ws-${n}` } }),
);
const storm = [one as AlertDocument, ...more] as const;

/** What attackers could write to act on who reads it. */
const HOSTILE = [
  '<!channel> <@U123> <https://evil.test|click> & `x` ```',
  '@everyone @here alice@corp.test mail@channel',
  '[link](https://evil.test) **bold** <at>all</at>',
  'a\nb\u001b[31m\u202egnp.exe\u200b',
].join(' ');

const hostile = alertDocument({
  host: { name: HOSTILE },
  user: { name: HOSTILE },
  process: { command_line: HOSTILE, parent: { command_line: HOSTILE } },
});

/** All texts in a value. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

describe('messages to webhooks', () => {
  test('json: the alert document without what it records of webhooks, and the text of the message', () => {
    expect(body('json', [alertDocument()])).toMatchInlineSnapshot(`
     {
       "alerts": [
         {
           "@timestamp": "2025-03-11T11:22:00.000Z",
           "_id": "47e10567670b0000000000000000000000000000000000000000000000000000",
           "event": {
             "end": "2025-03-11T11:21:16.031Z",
             "kind": "alert",
             "risk_score": 49,
             "severity": 73,
             "start": "2025-03-11T11:21:15.031Z",
           },
           "host": {
             "name": "ws-107.example.test",
           },
           "message": "a child of WmiPrvSE.exe on ws-107.example.test",
           "process": {
             "command_line": "cmd.exe /c "tasklist & dir" > out.txt",
             "name": "cmd.exe",
             "parent": {
               "command_line": "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured",
               "name": "WmiPrvSE.exe",
             },
             "pid": 9066,
           },
           "rule": {
             "name": "Process Execution via WMI",
             "uuid": "24869767-8579-485d-9a4f-d9ddfd8f0cac",
           },
           "threat": {
             "framework": "MITRE ATT&CK",
             "technique": {
               "id": [
                 "T1047",
               ],
               "name": [
                 "Windows Management Instrumentation",
               ],
               "reference": [
                 "https://attack.mitre.org/techniques/T1047/",
               ],
             },
           },
           "user": {
             "name": "ines",
           },
           "wmi_detections": {
             "count": 2,
             "scheduler": "local",
             "status": "open",
           },
         },
       ],
       "count": 1,
       "test": false,
       "text": "High (risk 49): Process Execution via WMI
     ATT&CK T1047 Windows Management Instrumentation (https://attack.mitre.org/techniques/T1047/)
     time          2025-03-11T11:21:15.031Z
     events        2
     host          ws-107.example.test
     user          ines
     parent        C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured
     command line  cmd.exe /c "tasklist & dir" > out.txt
     wmi-detections alerts explain 47e10567670b",
     }
    `);
  });

  test('slack: blocks, and the same as text for notifications and for Mattermost', () => {
    expect(body('slack', [alertDocument()])).toMatchInlineSnapshot(`
     {
       "blocks": [
         {
           "text": {
             "emoji": false,
             "text": "High (risk 49): Process Execution via WMI",
             "type": "plain_text",
           },
           "type": "header",
         },
         {
           "text": {
             "text": "ATT&amp;CK <https://attack.mitre.org/techniques/T1047/|T1047 Windows Management Instrumentation>",
             "type": "mrkdwn",
             "verbatim": true,
           },
           "type": "section",
         },
         {
           "elements": [
             {
               "elements": [
                 {
                   "text": "time          2025-03-11T11:21:15.031Z
     events        2
     host          ws-107.example.test
     user          ines
     parent        C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured
     command line  cmd.exe /c "tasklist & dir" > out.txt",
                   "type": "text",
                 },
               ],
               "type": "rich_text_preformatted",
             },
             {
               "elements": [
                 {
                   "style": {
                     "code": true,
                   },
                   "text": "wmi-detections alerts explain 47e10567670b",
                   "type": "text",
                 },
               ],
               "type": "rich_text_section",
             },
           ],
           "type": "rich_text",
         },
       ],
       "text": "High (risk 49): Process Execution via WMI
     ATT&amp;CK <https://attack.mitre.org/techniques/T1047/|T1047 Windows Management Instrumentation>
     \`\`\`
     time          2025-03-11T11:21:15.031Z
     events        2
     host          ws-107.example.test
     user          ines
     parent        C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured
     command line  cmd.exe /c "tasklist &amp; dir" &gt; out.txt
     \`\`\`
     wmi-detections alerts explain 47e10567670b",
       "unfurl_links": false,
       "unfurl_media": false,
     }
    `);
  });

  test('teams: an Adaptive Card in the body of a workflow', () => {
    expect(body('teams', [alertDocument()])).toMatchInlineSnapshot(`
     {
       "attachments": [
         {
           "content": {
             "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
             "actions": [
               {
                 "title": "ATT&CK T1047 Windows Management Instrumentation",
                 "type": "Action.OpenUrl",
                 "url": "https://attack.mitre.org/techniques/T1047/",
               },
             ],
             "body": [
               {
                 "inlines": [
                   {
                     "color": "attention",
                     "size": "large",
                     "text": "High (risk 49): Process Execution via WMI",
                     "type": "TextRun",
                     "weight": "bolder",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "text": "ATT&CK T1047 Windows Management Instrumentation",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "isSubtle": true,
                     "text": "time: ",
                     "type": "TextRun",
                   },
                   {
                     "fontType": "monospace",
                     "text": "2025-03-11T11:21:15.031Z",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "isSubtle": true,
                     "text": "events: ",
                     "type": "TextRun",
                   },
                   {
                     "fontType": "monospace",
                     "text": "2",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "isSubtle": true,
                     "text": "host: ",
                     "type": "TextRun",
                   },
                   {
                     "fontType": "monospace",
                     "text": "ws-107.example.test",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "isSubtle": true,
                     "text": "user: ",
                     "type": "TextRun",
                   },
                   {
                     "fontType": "monospace",
                     "text": "ines",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "isSubtle": true,
                     "text": "parent: ",
                     "type": "TextRun",
                   },
                   {
                     "fontType": "monospace",
                     "text": "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "isSubtle": true,
                     "text": "command line: ",
                     "type": "TextRun",
                   },
                   {
                     "fontType": "monospace",
                     "text": "cmd.exe /c "tasklist & dir" > out.txt",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
               {
                 "inlines": [
                   {
                     "fontType": "monospace",
                     "text": "wmi-detections alerts explain 47e10567670b",
                     "type": "TextRun",
                   },
                 ],
                 "type": "RichTextBlock",
               },
             ],
             "msteams": {
               "width": "Full",
             },
             "type": "AdaptiveCard",
             "version": "1.4",
           },
           "contentType": "application/vnd.microsoft.card.adaptive",
           "contentUrl": null,
         },
       ],
       "type": "message",
     }
    `);
  });

  test('a storm is one message with the number of alerts and the first five', () => {
    expect((body('slack', [...storm], 37) as { text: string }).text).toMatchInlineSnapshot(`
     "High (risk 49): Process Execution via WMI, 37 alerts
     ATT&amp;CK <https://attack.mitre.org/techniques/T1047/|T1047 Windows Management Instrumentation>
     \`\`\`
     2025-03-11T11:21:15.031Z  ws-1 | ines | cmd.exe /c "tasklist &amp; dir" &gt; out.txt
     2025-03-11T11:21:15.031Z  ws-2 | ines | cmd.exe /c "tasklist &amp; dir" &gt; out.txt
     2025-03-11T11:21:15.031Z  ws-3 | ines | cmd.exe /c "tasklist &amp; dir" &gt; out.txt
     2025-03-11T11:21:15.031Z  ws-4 | ines | cmd.exe /c "tasklist &amp; dir" &gt; out.txt
     2025-03-11T11:21:15.031Z  ws-5 | ines | cmd.exe /c "tasklist &amp; dir" &gt; out.txt
     and                       32 more
     \`\`\`
     wmi-detections alerts --rule 24869767-8579-485d-9a4f-d9ddfd8f0cac --with-ids --limit 37"
    `);
    expect(body('json', [...storm], 37)).toMatchObject({ count: 37, alerts: { length: 5 } });
  });

  test('a template gets whole values, numbers as numbers, and null where there is none', () => {
    const template = {
      routing_key: 'k',
      dedup_key: '{{alert_id}}',
      payload: { summary: '{{title}}', severity: 'error', source: '{{host}}', list: ['{{ count }}', '{{risk}}'] },
      fields: {
        pid: '{{process.pid}}',
        none: '{{process.nothing.there}}',
        rule: '{{rule}}',
        technique: '{{technique}}',
      },
      explain: '{{explain}}',
    };
    expect(filled(template)).toMatchInlineSnapshot(`
     {
       "dedup_key": "47e10567670b0000000000000000000000000000000000000000000000000000",
       "explain": "wmi-detections alerts explain 47e10567670b --namespace soc",
       "fields": {
         "none": null,
         "pid": 9066,
         "rule": "Process Execution via WMI",
         "technique": "T1047 Windows Management Instrumentation",
       },
       "payload": {
         "list": [
           1,
           49,
         ],
         "severity": "error",
         "source": "ws-107.example.test",
         "summary": "High (risk 49): Process Execution via WMI",
       },
       "routing_key": "k",
     }
    `);
  });

  test('a template is not filled from what a value holds', () => {
    expect(filled({ host: '{{host}}' }, alertDocument({ host: { name: '{{process.pid}}' } }))).toEqual({
      host: '{{process.pid}}',
    });
  });

  test('a sub-technique takes the place of the technique above it, and only pages of MITRE are links', () => {
    const technique = {
      id: ['T1546', 'T1047'],
      name: ['Event Triggered Execution', 'WMI'],
      reference: ['https://attack.mitre.org/techniques/T1546/', 'javascript:alert(1)'],
      subtechnique: {
        id: ['T1546.003'],
        name: ['WMI Event Subscription'],
        reference: ['https://attack.mitre.org/techniques/T1546/003/'],
      },
    };
    expect(messageOf([alertDocument({ threat: { technique } })], { namespace: 'default' }).techniques).toEqual([
      { name: 'T1047 WMI', url: null },
      { name: 'T1546.003 WMI Event Subscription', url: 'https://attack.mitre.org/techniques/T1546/003/' },
    ]);
  });

  test('a missing value is a dash, and a better one takes the place of the best', () => {
    const alert = alertDocument({ host: { id: 'h-1' }, user: {}, process: { name: 'x.exe' } });
    expect(messageOf([alert], { namespace: 'default' }).alerts).toEqual([
      { time: '2025-03-11T11:21:15.031Z', host: 'h-1', user: '-', parent: '-', commandLine: 'x.exe', events: 2 },
    ]);
  });

  test('the command names the namespace where that is not the default', () => {
    expect(messageOf([alertDocument()], { namespace: 'lab' }).explain).toBe(
      'wmi-detections alerts explain 47e10567670b --namespace lab',
    );
  });

  test('a withheld message has nothing that comes from an event', () => {
    const message = messageOf([alertDocument()], { namespace: 'default', withheld: true });
    const all = bodyOf(message, { form: 'json' });
    expect(all).not.toMatch(/ws-107|ines|tasklist|wmiprvse|WmiPrvSE/);
    expect(all).toContain('wmi-detections alerts explain 47e10567670b');
  });

  test('a long command line is cut', () => {
    const alert = alertDocument({ process: { command_line: 'x'.repeat(40_000) } });
    const { alerts } = messageOf([alert], { namespace: 'default' });
    expect(alerts[0]?.commandLine).toHaveLength(1_000);
    expect(alerts[0]?.commandLine.endsWith('…')).toBe(true);
  });

  test('teams: the longest message stays below the limit of 28 KB', () => {
    const long = '\u{1f600}'.repeat(5_000);
    const process = { command_line: long, parent: { command_line: long } };
    const alert = alertDocument({ host: { name: long }, user: { name: long }, process });
    const bytes = (...some: Parameters<typeof messageOf>): number =>
      Buffer.byteLength(bodyOf(messageOf(...some), { form: 'teams' }));
    expect(bytes([alert], { namespace: 'default' })).toBeLessThan(28_000);
    expect(bytes([alert, alert, alert, alert, alert, alert], { namespace: 'default', count: 900 })).toBeLessThan(
      28_000,
    );
  });
});

describe('hostile text in messages', () => {
  test('is written out where it would act on a terminal, reorder text or mention people', () => {
    expect(plain(HOSTILE, 1_000)).toMatchInlineSnapshot(
      `"\\u{3c}!channel> \\u{3c}\\u{40}U123> <https://evil.test|click> & \`x\` \`\`\` \\u{40}everyone \\u{40}here alice@corp.test mail\\u{40}channel [link](https://evil.test) **bold** <at>all</at> a\\nb\\u{1b}[31m\\u{202e}gnp.exe\\u{200b}"`,
    );
  });

  test('leaves e-mail addresses and operators as they are', () => {
    expect(plain('net use \\\\srv alice@corp.test 1<2 a@b', 100)).toBe('net use \\\\srv alice@corp.test 1<2 a@b');
  });

  test.each(['json', 'slack', 'teams', 'template'] as const)(
    '%s: the body has no character that acts on a terminal',
    (form) => {
      const message = messageOf([hostile], { namespace: 'default' });
      const text = bodyOf(message, { form, template: { a: '{{command_line}}', b: '{{host.name}}' } });
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    },
  );

  test('slack: no control sequence is in the text, and nothing of an event is in mrkdwn', () => {
    const { text, blocks } = body('slack', [hostile]) as {
      text: string;
      blocks: { text?: { type: string; text: string } }[];
    };
    const ours = '<https://attack.mitre.org/techniques/T1047/|T1047 Windows Management Instrumentation>';
    expect(text.replace(ours, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    // In Mattermost nothing in a code block is a link or a mention; no line of it begins as the end of one.
    const [before, within, after] = text.split(/^```$/m);
    expect([before, after].join()).not.toContain('evil');
    expect(within).toContain('evil');
    const markedUp = blocks.flatMap((block) => (block.text?.type === 'mrkdwn' ? [block.text.text] : []));
    expect(markedUp).toEqual([`ATT&amp;CK ${ours}`]);
  });

  test('teams: texts of an event are text runs, in which no Markdown is read', () => {
    const [attachment] = (body('teams', [hostile]) as { attachments: { content: { body: { type: string }[] } }[] })
      .attachments;
    expect(new Set(attachment?.content.body.map(({ type }) => type))).toEqual(new Set(['RichTextBlock']));
  });

  test('no text whatever mentions anybody, acts on a terminal or ends the code block of Mattermost', () => {
    const alphabet = [
      '@',
      '<',
      '>',
      '&',
      '!',
      '#',
      '|',
      '`',
      '*',
      '[',
      ']',
      '\n',
      '\u202e',
      '{',
      '@everyone',
      '<!here>',
      '```',
      '&lt;',
      '\r\n',
      '\u{1f600}',
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...alphabet), fc.string({ unit: 'binary' })), { maxLength: 12 });
    fc.assert(
      fc.property(text, (parts) => {
        const value = parts.join('');
        const process = { command_line: value, parent: { command_line: value } };
        const alert = alertDocument({ host: { name: value }, user: { name: value }, process });
        const slack = body('slack', [alert]) as { text: string };
        const fences = slack.text.split('\n').filter((line) => /^\s*```/.test(line));
        expect(fences).toHaveLength(2);
        expect(slack.text).not.toMatch(/&lt;[!@#]/);
        for (const each of texts([slack, body('teams', [alert])]).flatMap((whole) => whole.split('\n'))) {
          expect(each).not.toMatch(/@(everyone|here|channel)|<[!@#]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        }
      }),
      { seed: 24, numRuns: 60 },
    );
  });

  test.each(['slack', 'teams', 'template'] as const)('%s: no text mentions anybody', (form) => {
    const message = messageOf([hostile], { namespace: 'default' });
    const template = ['{{text}}', '{{host}}', '{{command_line}}', '{{user.name}}', '{{process.parent}}'];
    const all = texts(JSON.parse(bodyOf(message, { form, template })));
    expect(all.filter((text) => /@(everyone|here|channel)|<[!@#]|&lt;[!@#]/.test(text))).toEqual([]);
  });
});
