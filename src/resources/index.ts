import { componentTemplate } from './component-template';
import { dataStream } from './data-stream';
import { detectionRule } from './detection-rule';
import { indexTemplate } from './index-template';
import { ingestPipeline } from './ingest-pipeline';
import type { Kind } from './kind';
import { plainIndex } from './plain-index';

/**
 * The order in which things are applied; deletions go through it backwards.
 *
 *   component_template   ingest_pipeline
 *            └───────┬────────┘
 *             index_template
 *            ┌───────┴────────┐
 *       data_stream         index      bring a changed template to what exists
 *            └───────┬────────┘
 *             detection_rule
 */
export const LEVELS: readonly (readonly Kind[])[] = [
  [componentTemplate, ingestPipeline],
  [indexTemplate],
  [dataStream, plainIndex],
  [detectionRule],
];
