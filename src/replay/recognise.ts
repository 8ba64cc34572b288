import { DATASETS } from '../detections/indices';
import { isRecord, type JsonRecord } from '../json';
import { textBehindHeader } from './syslog';

/** A JSON object, by `JSON.parse`. */
/** Where an event comes from. It only chooses the data stream; the pipelines there do the rest. */
export type Source = 'sysmon' | 'windows_security' | 'crowdstrike' | 'unrecognised';

export const SOURCES: readonly Source[] = ['sysmon', 'windows_security', 'crowdstrike', 'unrecognised'];

/** Channels and providers of Windows, and the modules and datasets of Elastic's integrations, in small letters. */
const NAMES: ReadonlyMap<string, Source> = new Map<string, Source>([
  ['microsoft-windows-sysmon/operational', 'sysmon'],
  ['microsoft-windows-sysmon', 'sysmon'],
  ['windows.sysmon_operational', 'sysmon'],
  [DATASETS.sysmon, 'sysmon'],
  ['security', 'windows_security'],
  ['microsoft-windows-security-auditing', 'windows_security'],
  ['system.security', 'windows_security'],
  ['windows.security', 'windows_security'],
  [DATASETS.windows_security, 'windows_security'],
  ['crowdstrike', 'crowdstrike'],
  ['crowdstrike.fdr', 'crowdstrike'],
  ['crowdstrike.falcon', 'crowdstrike'],
  [DATASETS.crowdstrike, 'crowdstrike'],
]);

/**
 * The display name of the provider of Security events: `Microsoft Windows security auditing.`, `Audit de sécurité Microsoft Windows.`.
 * Windows translates it, and it ends with a full stop in every language; the names of other providers do not.
 */
const SECURITY_DISPLAY_NAME = /^(?=.*microsoft)(?=.*windows).*[.。]$/i;

interface Place {
  readonly keys: readonly string[];
  /** The same path as one key with dots. */
  readonly dotted: string;
}

function places(...paths: readonly string[]): readonly Place[] {
  return paths.map((dotted) => ({ keys: dotted.split('.'), dotted }));
}

/**
 * Where the known shapes say which provider wrote the event. The provider decides before the channel: a forwarded event has the
 * channel `ForwardedEvents`, or one of a collector's own.
 */
const PROVIDERS: readonly Place[] = places(
  // NXLog, Fluent Bit and Fluentd, OTRF's flat JSON, rendered text as JSON; Get-WinEvent; Microsoft Sentinel; Velociraptor, EvtxECmd
  ...['SourceName', 'ProviderName', 'EventSourceName', 'Provider'],
  // Winlogbeat 7 to 9, Elastic Agent; Winlogbeat 6
  ...['winlog.provider_name', 'source_name', 'provider_name'],
  // evtx_dump, Chainsaw: attributes in a key of their own, with a prefix, or without; Velociraptor
  ...['Event.System.Provider.#attributes.Name', 'Event.System.Provider_attributes.Name'],
  ...['Event.System.Provider.@Name', 'Event.System.Provider.Name', 'System.Provider.Name'],
  // Wazuh; OpenTelemetry, plain and as Elastic stores it
  ...['data.win.system.providerName', 'body.provider.name', 'body.structured.provider.name'],
  // GELF; Graylog's index; Telegraf; Grafana Alloy, Get-EventLog, Sentinel's Event
  ...['_SourceName', '_ProviderName', 'winlogbeat_winlog_provider_name', 'winlogbeat_source_name'],
  ...['fields.Source', 'tags.Source', 'tag.Source', 'win_eventlog.Source', 'source', 'Source'],
);

/** Where they say which channel it was read from. */
const CHANNELS: readonly Place[] = places(
  ...['Channel', 'LogName', 'winlog.channel', 'log_name', 'channel'],
  ...['Event.System.Channel', 'Event.System.Channel.#text', 'System.Channel'],
  ...['data.win.system.channel', 'body.channel', 'body.structured.channel'],
  ...['_Channel', 'winlogbeat_winlog_channel', 'winlogbeat_log_name'],
  ...['fields.Channel', 'tags.Channel', 'tag.Channel', 'win_eventlog.Channel', 'EventLog'],
);

/** Where an event that is ECS already names its origin. */
const ORIGINS: readonly Place[] = places('event.provider', 'data_stream.dataset', 'event.dataset', 'event.module');

/** Fields in which shippers carry the whole original event as a string. */
const CARRIERS: readonly Place[] = places(
  ...['message', 'event.original', '_raw', 'result._raw', '@rawstring', 'event', 'body', 'full_message', 'log', 'line'],
);

/** Falcon's name of an event; LogScale marks its own fields with `#`. */
const FALCON_NAMES = ['event_simpleName', '#event_simpleName'] as const;

/** Fields by which the columns of a CSV file are known to be those of events, in small letters. */
export const KNOWN_FIELDS: ReadonlySet<string> = new Set(
  [...[...PROVIDERS, ...CHANNELS, ...ORIGINS].map(({ dotted }) => dotted), ...FALCON_NAMES, '_raw'].map((name) =>
    name.toLowerCase(),
  ),
);

/** The source of an event that is a JSON object. */
export function sourceOfDocument(document: JsonRecord): Source {
  const source = sourceOfFields(document);
  if (source !== 'unrecognised') return source;
  for (const place of CARRIERS) {
    const carried = valueAt(document, place);
    const inner = typeof carried === 'string' ? sourceOfText(carried) : 'unrecognised';
    if (inner !== 'unrecognised') return inner;
  }
  return 'unrecognised';
}

/** The source that the fields of a JSON object name, whatever a string in it holds. */
export function sourceOfFields(document: JsonRecord): Source {
  if (isFalcon(document)) return 'crowdstrike';
  for (const list of [PROVIDERS, CHANNELS, ORIGINS]) {
    for (const place of list) {
      const name = valueAt(document, place);
      // A provider called `security` is somebody else's word for a topic; the log of Windows is a channel.
      const isTopic = list === PROVIDERS && /^security$/i.test(String(name));
      const source = typeof name === 'string' && !isTopic ? sourceOfName(name) : undefined;
      if (source !== undefined) return source;
    }
  }
  return 'unrecognised';
}

/** The source that a provider, a channel or a dataset names, however it is written; undefined when it names none. */
export function sourceOfName(name: string): Source | undefined {
  return NAMES.get(name.toLowerCase()) ?? (SECURITY_DISPLAY_NAME.test(name) ? 'windows_security' : undefined);
}

/** The source of an event that is text: event XML, rendered text, JSON, or one of these behind a syslog header. */
export function sourceOfText(text: string): Source {
  const behind = textBehindHeader(text);
  if (behind !== undefined) return 'name' in behind ? known(behind.name) : sourceOfText(behind.text);
  const beginning = text.trimStart();
  if (beginning.startsWith('<')) return sourceOfXml(beginning);
  if (beginning.startsWith('{')) return sourceOfJson(beginning);
  const head = text.slice(0, 4_096);
  return known(/^SourceName=(.*?)\r?$/m.exec(head)?.[1], /^LogName=(.*?)\r?$/m.exec(head)?.[1]);
}

function sourceOfXml(xml: string): Source {
  // The system part comes first and is short; the data after it may be long and holds what an attacker wrote.
  const end = xml.indexOf('</System>');
  const system = end < 0 ? xml.slice(0, 8_192) : xml.slice(0, end);
  return known(
    /<Provider\s[^>]*?\bName\s*=\s*(?:'([^']*)'|"([^"]*)")/.exec(system)?.slice(1).find(Boolean),
    /<Channel\s*>\s*([^<]*?)\s*<\/Channel>/.exec(system)?.[1],
  );
}

function sourceOfJson(text: string): Source {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? sourceOfDocument(value) : 'unrecognised';
  } catch {
    return 'unrecognised';
  }
}

/** The source of the first name that names one. */
function known(...names: readonly (string | undefined)[]): Source {
  for (const name of names) {
    const source = name === undefined ? undefined : sourceOfName(name);
    if (source !== undefined) return source;
  }
  return 'unrecognised';
}

/** Falcon Data Replicator: every record names its event, its sensor (aid) and its customer (cid). */
function isFalcon(document: JsonRecord): boolean {
  if (FALCON_NAMES.some((name) => typeof document[name] === 'string')) {
    return 'aid' in document || 'cid' in document || '#cid' in document;
  }
  if ('crowdstrike.event_simpleName' in document) return true;
  const { crowdstrike, event } = document;
  if (isRecord(event) && typeof event.event_simpleName === 'string') return true;
  return isRecord(crowdstrike) && ('event_simpleName' in crowdstrike || 'event' in crowdstrike);
}

/** The value at a path, whether its keys are nested or written with dots. */
function valueAt(document: JsonRecord, { keys, dotted }: Place): unknown {
  let holder = document;
  let rest = dotted;
  for (const [index, key] of keys.entries()) {
    const value = holder[key];
    if (index === keys.length - 1) return value;
    if (!isRecord(value)) return key in holder ? undefined : holder[rest];
    holder = value;
    rest = rest.slice(key.length + 1);
  }
  return undefined;
}
