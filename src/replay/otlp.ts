import { isRecord, type JsonRecord } from '../json';

/**
 * The log records of an OTLP request in JSON, as OpenTelemetry's file exporter writes one a line. Each becomes a document as Elastic's
 * exporter writes it: `@timestamp`, `body`, `attributes`, `resource.attributes`; values as they are, not by their type.
 * @returns undefined when the document is none
 */
export function logRecordsIn(document: JsonRecord): readonly JsonRecord[] | undefined {
  const documents = listAt(document, 'resourceLogs').flatMap(({ resource, ...resourceLog }) => {
    const attributes = isRecord(resource) ? objectOf(resource.attributes) : {};
    return listAt(resourceLog, 'scopeLogs')
      .flatMap((scopeLog) => listAt(scopeLog, 'logRecords'))
      .map((logRecord) => ({ ...documentOf(logRecord), ...(!isEmpty(attributes) && { resource: { attributes } }) }));
  });
  return documents.length > 0 ? documents : undefined;
}

function documentOf({ timeUnixNano, observedTimeUnixNano, body, attributes }: JsonRecord): JsonRecord {
  const time = timeOf(timeUnixNano) ?? timeOf(observedTimeUnixNano);
  const own = objectOf(attributes);
  return {
    ...(time !== undefined && { '@timestamp': time }),
    body: valueOf(body),
    ...(!isEmpty(own) && { attributes: own }),
  };
}

/** Nanoseconds since 1970, a number as text; 0 is no time. */
function timeOf(nanoseconds: unknown): string | undefined {
  const milliseconds = Number(nanoseconds) / 1e6;
  const isTime = milliseconds > 0 && milliseconds <= 8.64e15;
  return isTime ? new Date(milliseconds).toISOString() : undefined;
}

/** A value, which OTLP writes as an object with one member that names its type. */
function valueOf(value: unknown): unknown {
  if (!isRecord(value)) return undefined;
  const { arrayValue, kvlistValue } = value;
  if (isRecord(arrayValue)) return Array.isArray(arrayValue.values) ? arrayValue.values.map(valueOf) : [];
  if (isRecord(kvlistValue)) return objectOf(kvlistValue.values);
  return Object.values(value)[0];
}

function objectOf(list: unknown): Record<string, unknown> {
  const entries = Array.isArray(list) ? list.filter(isRecord) : [];
  return Object.fromEntries(entries.map(({ key, value }) => [String(key), valueOf(value)]));
}

function isEmpty(object: JsonRecord): boolean {
  return Object.keys(object).length === 0;
}

function listAt(document: JsonRecord, key: string): readonly JsonRecord[] {
  const list = document[key];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
