import { isRecord } from '../json';
import type { Resource } from '../content/resource';

/** The tags of a pipeline's processors, at any depth, in the file's order. */
export function tagsOf(pipeline: Resource): string[] {
  return [...new Set([pipeline.body.processors, pipeline.body.on_failure].flatMap(tagsIn))];
}

function tagsIn(processors: unknown): string[] {
  if (!Array.isArray(processors)) return [];
  return processors.flatMap((processor) =>
    Object.values(isRecord(processor) ? processor : {}).flatMap((options) => {
      if (!isRecord(options)) return [];
      const own = typeof options.tag === 'string' ? [options.tag] : [];
      return [...own, ...tagsIn([options.processor]), ...tagsIn(options.on_failure)];
    }),
  );
}
