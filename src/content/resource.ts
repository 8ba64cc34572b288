import type { Place } from '../errors';
import type { Script } from './painless';
import type { YamlFile } from './yaml-file';

/** The kinds of content that live as one YAML file each below `pipelines/` and `mappings/`. */
export type ResourceKind = 'ingest_pipeline' | 'component_template' | 'index_template';

/** One pipeline or template, as its author wrote it: in the subset that Elasticsearch and OpenSearch share. */
export interface Resource {
  readonly kind: ResourceKind;
  /** The file's name without `.yml`; also the id in the cluster. */
  readonly id: string;
  readonly body: Record<string, unknown>;
  readonly place: Place;
  /** The scripts of its own files (`!painless`) as they stand in `body`; none where not given. */
  readonly scripts?: readonly Script[] | undefined;
}

/** A resource together with the file that still knows where each part of it stands: what the checks work on. */
export interface SourcedResource extends Resource {
  readonly source: YamlFile;
}

/** Where each kind lives below the content's root. */
export const FOLDERS: Readonly<Record<ResourceKind, string>> = {
  ingest_pipeline: 'pipelines',
  component_template: 'mappings/component-templates',
  index_template: 'mappings/index-templates',
};
