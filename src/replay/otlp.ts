import { isRecord } from '../json';

type Document = Readonly<Record<string, unknown>>;

/**
 * The log records of an OTLP request, as OpenTelemetry's file exporter writes one a line: each as a request of its own with the resource
 * and scope that it came under, for a pipeline makes one document of one.
 * @returns undefined when the document is none, or holds one record alone and can stay as it is
 */
export function splitOtlp(document: Document): readonly Document[] | undefined {
  const requests = listAt(document, 'resourceLogs').flatMap((resourceLog) =>
    listAt(resourceLog, 'scopeLogs').flatMap((scopeLog) =>
      listAt(scopeLog, 'logRecords').map((logRecord) => ({
        resourceLogs: [{ ...resourceLog, scopeLogs: [{ ...scopeLog, logRecords: [logRecord] }] }],
      })),
    ),
  );
  return requests.length > 1 ? requests : undefined;
}

function listAt(document: Document, key: string): readonly Document[] {
  const list = document[key];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
