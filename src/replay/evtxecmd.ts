import { isRecord, type JsonRecord } from '../json';

/**
 * The event in a record of EvtxECmd, in the form of evtx_dump. EvtxECmd keeps the event's own data as JSON text in `Payload`, and adds
 * columns of its own that repeat parts of it.
 * @returns undefined when the document is none
 */
export function eventOfEvtxECmd(document: JsonRecord): JsonRecord | undefined {
  const { EventId, Payload, Channel, Provider, Computer, EventRecordId, TimeCreated, Level, Keywords } = document;
  if (EventId === undefined || typeof Payload !== 'string' || typeof Provider !== 'string') return undefined;
  const data = parse(Payload);
  if (data === undefined) return undefined;
  const system = {
    Provider: { '@Name': Provider },
    EventID: EventId,
    Level,
    Keywords,
    TimeCreated: { '@SystemTime': TimeCreated },
    EventRecordID: EventRecordId,
    Execution: { '@ProcessID': document.ProcessId, '@ThreadID': document.ThreadId },
    Channel,
    Computer,
    Security: { '@UserID': document.UserId },
  };
  return { Event: { System: system, ...data } };
}

/** `{"EventData": …}` or `{"UserData": …}`. */
function parse(payload: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
