import type { estypes } from '@elastic/elasticsearch';
import { isRecord } from '../json';
import { compositionMark, flatSettings } from '../resources/effective-template';
import type { BlindSpot } from './blind-spot';

/** One of our data streams, and what has to stand behind it. */
export interface OwnStream {
  /** `logs-<dataset>-<namespace>` */
  readonly name: string;
  /** Id of its index template. */
  readonly template: string;
  /** Id of its default pipeline. */
  readonly pipeline: string;
}

/** @param dataset `sysmon.process_creation` */
export function ownStream(dataset: string, namespace: string): OwnStream {
  const stem = `logs-${dataset}`;
  return { name: `${stem}-${namespace}`, template: `${stem}@template`, pipeline: `${stem}@default-pipeline` };
}

/** What stands under the name of a stream. */
export type Standing =
  | { readonly is: 'nothing' }
  | { readonly is: 'index' | 'alias' }
  | {
      readonly is: 'stream';
      readonly writeIndex: string;
      readonly isMade: boolean;
      readonly pipeline: string | undefined;
    };

/** The metadata of an index, as far as it is asked for. */
export type IndexState = estypes.IndicesIndexState;

/**
 * What stands under the name of a stream.
 * @param indices concrete indices by name, of every state
 * @param writeIndices of the data streams that are there, by name
 */
export function standingOf(
  { name }: Pick<OwnStream, 'name'>,
  indices: ReadonlyMap<string, IndexState>,
  writeIndices: ReadonlyMap<string, string>,
): Standing {
  const writeIndex = writeIndices.get(name);
  if (writeIndex !== undefined) {
    const state = indices.get(writeIndex);
    const settings = flatSettings(state?.settings);
    const pipeline = settings['index.default_pipeline'];
    return {
      is: 'stream',
      writeIndex,
      isMade: compositionMark(state?.mappings) !== undefined,
      pipeline: typeof pipeline === 'string' ? pipeline : undefined,
    };
  }
  if (indices.has(name)) return { is: 'index' };
  return [...indices.values()].some(({ aliases }) => isRecord(aliases) && Object.hasOwn(aliases, name))
    ? { is: 'alias' }
    : { is: 'nothing' };
}

/** What is wrong with what stands under the name of a stream. */
export function standingSpots(stream: OwnStream, standing: Standing): BlindSpot[] {
  const { name, pipeline } = stream;
  if (standing.is === 'nothing') return [];
  const spot = { index: name, rules: [] };
  if (standing.is !== 'stream') {
    const what = standing.is === 'index' ? 'an ordinary index' : 'an alias';
    const message = `${name} is ${what} and not our data stream: somebody wrote there before the first deploy, and events there get neither our pipeline nor our field types`;
    return [{ ...spot, code: 'not_our_stream', certain: true, message, fix: wayOut(stream, standing.is) }];
  }
  if (standing.pipeline === pipeline) return [];
  if (!standing.isMade) {
    const message = `${name} is a data stream that was not made from our template (write index ${standing.writeIndex}): events there get neither our pipeline nor our field types`;
    return [{ ...spot, code: 'not_our_stream', certain: true, message, fix: wayOut(stream, 'stream') }];
  }
  const message = `${name} has the default pipeline ${standing.pipeline ?? '_none'} and not ${pipeline}: events there are not read`;
  const fix = `PUT /${name}/_settings {"index.default_pipeline": "${pipeline}"}`;
  return [{ ...spot, code: 'other_pipeline', certain: false, message, fix }];
}

function wayOut({ name }: OwnStream, is: 'index' | 'alias' | 'stream'): string {
  const remove = {
    index: `DELETE /${name}`,
    alias: `delete the alias or give its index another name`,
    stream: `DELETE /_data_stream/${name}`,
  }[is];
  const copy = `POST /_reindex {"source": {"index": "${name}"}, "dest": {"index": "wmi-detections-saved"}}`;
  const back = `POST /_reindex {"source": {"index": "wmi-detections-saved"}, "dest": {"index": "${name}", "op_type": "create"}}`;
  return `Stop the shipper. To keep the events, copy them (${copy}). Then remove it (${remove}), deploy, start the shipper, and copy the events back through our pipeline (${back}).`;
}
