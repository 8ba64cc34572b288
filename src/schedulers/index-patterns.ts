import { alertIndex, defaultIndices, ownStreams, stateIndex, UNRECOGNISED_DATASET } from '../detections/indices';

/** Which indices and data streams a request is about. */
export type Names = 'streams' | 'any_stream' | 'events' | 'alerts' | 'state' | 'any_index' | 'trial';

/** What a role is printed for. */
export interface Where {
  readonly namespace: string;
  /** What the rules read, where the settings say so. */
  readonly indices?: readonly string[] | undefined;
  /** Spaces of Kibana. */
  readonly spaces: readonly string[];
}

/** The names and patterns that a role lists. */
export function namesOf(names: Names, { namespace, indices }: Where): readonly string[] {
  const streams = (suffix: string): string[] => [...ownStreams(suffix), `logs-${UNRECOGNISED_DATASET}-${suffix}`];
  switch (names) {
    case 'streams':
      return streams(namespace);
    case 'any_stream':
      return streams('*');
    case 'events':
      return [...(indices ?? defaultIndices(namespace))];
    case 'alerts':
      return [alertIndex(namespace)];
    case 'state':
      return [stateIndex(namespace)];
    case 'any_index':
      return [alertIndex('*'), stateIndex('*')];
    case 'trial':
      // `test` and its private pipelines: names with a time and a random part, removed at the end.
      return ['wmi-detections-trial-*', alertIndex('trial.*'), stateIndex('trial.*'), ...ownStreams('trial.*')];
  }
}
