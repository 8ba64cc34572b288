import type { SchedulerName, Settings } from '../settings';
import { escapeForTerminal } from '../text/escape';

/** What the file is to say. */
export interface Answers {
  readonly esUrl?: string | undefined;
  readonly kibanaUrl?: string | undefined;
  readonly namespace?: string | undefined;
  readonly scheduler?: SchedulerName | undefined;
}

/** What came of trying the connection. */
export interface Tried {
  /** What answered; undefined when nothing did. */
  readonly cluster?: string | undefined;
  /** What could run the rules, the best first. */
  readonly found: readonly { readonly scheduler: SchedulerName; readonly where: string }[];
  readonly failures: readonly string[];
  /** The one that was written. */
  readonly scheduler?: SchedulerName | undefined;
}

/** The text of a settings file. Values are JSON strings, which YAML reads as they are; secrets are references. */
export function settingsFile({ scheduler }: Answers, { elasticsearch, kibana, namespace }: Settings): string {
  const written = (url: string | undefined, others: readonly string[] = []): string =>
    JSON.stringify(others.length === 0 ? url : [url, ...others]);
  const connection = (short: string, credentials: boolean): string[] => [
    `  ${credentials ? '' : '# '}api_key: \${WMI_DETECTIONS_${short}_API_KEY}   # or file:PATH; or username and password, bearer_token, service_token`,
    '  # ca: ca.pem                   # the authority of its certificate; or ca_fingerprint: SHA-256 of it',
    '  # client_certificate: me.crt   # with client_key, where one is asked for',
  ];
  return [
    '# Settings of wmi-detections; docs/connections.md has all of them. Flags and WMI_DETECTIONS_… variables win over this file.',
    '# A secret does not belong in here: ${VAR} stands for a variable of the environment, file:PATH for what is in a file.',
    '',
    'elasticsearch:',
    elasticsearch.url === undefined
      ? '  # url: https://cluster.example:9200   # a list for several nodes; or cloud_id'
      : `  url: ${written(elasticsearch.url, elasticsearch.otherUrls)}`,
    ...connection('ES', elasticsearch.apiKey !== undefined),
    '',
    ...(kibana.url === undefined
      ? ['# kibana:', '#   url: https://kibana.example:5601   # with it, rules can run in Elastic Security']
      : [
          'kibana:',
          `  url: ${written(kibana.url)}`,
          ...connection('KIBANA', kibana.apiKey !== undefined),
          '  # spaces: [default]',
        ]),
    '',
    `namespace: ${JSON.stringify(namespace)}   # of data streams, rules and alerts`,
    `scheduler: ${scheduler ?? 'local'}   # kibana, opensearch-alerting, watcher or local`,
    '# retention: 90d       # how long events are kept; for good unless set (Elasticsearch)',
    "# indices: [logs-*]    # what the rules read, in place of ours, Fleet's and Winlogbeat's",
    '',
    '# notify:              # webhooks that get the new alerts of `run`: docs/notify.md',
    '#   soc: {url: "${SOC_WEBHOOK}", form: slack}',
    '',
    '# profiles:            # settings of other clusters, chosen by --profile NAME or WMI_DETECTIONS_PROFILE',
    '#   lab:',
    '#     elasticsearch: {url: "http://127.0.0.1:9200"}',
    '',
  ].join('\n');
}

/** `init` for a person. */
export function initText({ file, tried }: { readonly file: string; readonly tried: Tried }): string {
  const schedulers = tried.found.map(({ scheduler, where }) => `  ${scheduler}: ${where}`);
  return [
    `Wrote ${file}, with scheduler ${tried.scheduler ?? 'local'}.`,
    tried.cluster === undefined ? 'The cluster did not answer:' : `Found ${tried.cluster}.`,
    ...tried.failures.flatMap((failure) => failure.split('\n').map((line) => `  ${line}`)),
    ...(schedulers.length === 0 ? [] : ['What can run the rules there:', ...schedulers]),
    tried.cluster === undefined
      ? 'Correct it, then: wmi-detections doctor'
      : 'Next: wmi-detections doctor, which looks at your privileges, then wmi-detections plan',
  ]
    .map(escapeForTerminal)
    .join('\n');
}
