import { DATASETS } from '../detections/indices';
import { isRecord } from '../json';

/** A JSON object, by `JSON.parse`. */
type Document = Readonly<Record<string, unknown>>;

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
  ['microsoft windows security auditing.', 'windows_security'],
  ['system.security', 'windows_security'],
  ['windows.security', 'windows_security'],
  [DATASETS.windows_security, 'windows_security'],
  ['crowdstrike', 'crowdstrike'],
  ['crowdstrike.fdr', 'crowdstrike'],
  ['crowdstrike.falcon', 'crowdstrike'],
  [DATASETS.crowdstrike, 'crowdstrike'],
]);

/**
 * Where the known shapes say what the event is; the first that names a known source decides.
 * The provider stands before the channel: a forwarded event has the channel `ForwardedEvents` in some shapes.
 */
const PATHS: readonly (readonly string[])[] = [
  // NXLog, OTRF's flat JSON, rendered text as JSON
  ['SourceName'],
  ['ProviderName'],
  ['Channel'],
  ['LogName'],
  // Winlogbeat 7 to 9, Elastic Agent
  ['winlog', 'provider_name'],
  ['winlog', 'channel'],
  // Winlogbeat 6
  ['source_name'],
  ['log_name'],
  // evtx_dump, Chainsaw: with attributes in a key of their own, with a prefix, or without
  ['Event', 'System', 'Provider', '#attributes', 'Name'],
  ['Event', 'System', 'Provider_attributes', 'Name'],
  ['Event', 'System', 'Provider', '@Name'],
  ['Event', 'System', 'Provider', 'Name'],
  ['Event', 'System', 'Channel'],
  ['Event', 'System', 'Channel', '#text'],
  // already ECS
  ['event', 'provider'],
  ['data_stream', 'dataset'],
  ['event', 'dataset'],
  ['event', 'module'],
];

/** Fields in which shippers carry the whole original event as a string. */
const CARRIERS: readonly (readonly string[])[] = [['message'], ['event', 'original']];

/** The source of an event that is a JSON object. */
export function sourceOfDocument(document: Document): Source {
  if (isFalcon(document)) return 'crowdstrike';
  for (const path of PATHS) {
    const name = valueAt(document, path);
    const source = typeof name === 'string' ? NAMES.get(name.toLowerCase()) : undefined;
    if (source !== undefined) return source;
  }
  for (const path of CARRIERS) {
    const carried = valueAt(document, path);
    const source = typeof carried === 'string' ? sourceOfText(carried) : 'unrecognised';
    if (source !== 'unrecognised') return source;
  }
  return 'unrecognised';
}

/** The source of an event that is text: event XML, rendered text, or JSON. */
export function sourceOfText(text: string): Source {
  const beginning = text.trimStart();
  if (beginning.startsWith('<')) return sourceOfXml(beginning);
  if (beginning.startsWith('{')) return sourceOfJson(beginning);
  const head = text.slice(0, 4_096);
  return (
    named(/^SourceName=(.*?)\r?$/m.exec(head)?.[1]) ?? named(/^LogName=(.*?)\r?$/m.exec(head)?.[1]) ?? 'unrecognised'
  );
}

function sourceOfXml(xml: string): Source {
  // The system part comes first and is short; the data after it may be long and holds what an attacker wrote.
  const end = xml.indexOf('</System>');
  const system = end < 0 ? xml.slice(0, 8_192) : xml.slice(0, end);
  return (
    named(/<Provider\s[^>]*?\bName\s*=\s*(?:'([^']*)'|"([^"]*)")/.exec(system)?.slice(1).find(Boolean)) ??
    named(/<Channel\s*>\s*([^<]*?)\s*<\/Channel>/.exec(system)?.[1]) ??
    'unrecognised'
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

function named(name: string | undefined): Source | undefined {
  return name === undefined ? undefined : NAMES.get(name.toLowerCase());
}

/** Falcon Data Replicator: every record names its event, its sensor (aid) and its customer (cid). */
function isFalcon(document: Document): boolean {
  if (typeof document.event_simpleName === 'string') return 'aid' in document || 'cid' in document;
  const { crowdstrike } = document;
  return isRecord(crowdstrike) && ('event_simpleName' in crowdstrike || 'event' in crowdstrike);
}

/** The value at a path, whether its keys are nested or written with dots. */
function valueAt(document: Document, path: readonly string[], from = 0): unknown {
  const key = path[from] ?? '';
  const value = document[key];
  if (from === path.length - 1) return value;
  if (isRecord(value)) return valueAt(value, path, from + 1);
  return key in document ? undefined : document[path.slice(from).join('.')];
}
