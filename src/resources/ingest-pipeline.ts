import { isRecord } from '../json';
import { only, withoutMark } from './ownership';
import { storedKind } from './stored-kind';

/** Keys that a server may add of its own (dates, say) are not part of what we compare. */
const KEYS = ['description', 'processors', 'on_failure', 'version', '_meta'];

export const ingestPipeline = storedKind({
  name: 'ingest_pipeline',
  path: '/_ingest/pipeline',
  entries: (answer) =>
    Object.entries(answer).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])),
  takesMeta: (product) => product === 'elasticsearch',
  normalize: (body) => only(withoutMark(body), KEYS),
  refs: (body) => [...calledPipelines(body)],
});

/** The ids of the pipelines that a body calls, at any depth. */
function* calledPipelines(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* calledPipelines(item);
  } else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key === 'pipeline' && isRecord(member) && typeof member.name === 'string') yield member.name;
      yield* calledPipelines(member);
    }
  }
}
