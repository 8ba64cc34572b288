import type { Resource, ResourceKind } from '../../../src/content/resource';
import { prepare } from '../../../src/cluster/translate';

function resource(kind: ResourceKind, body: Record<string, unknown>): Resource {
  return { kind, id: 'x', body, place: { file: 'x.yml' } };
}

function mapping(properties: Record<string, unknown>): Resource {
  return resource('component_template', { template: { mappings: { dynamic: false, properties } } });
}

describe('translation: for Elasticsearch', () => {
  test.each([
    mapping({ winlog: { properties: { event_data: { type: 'flattened', ignore_above: 8191 } } } }),
    mapping({ command_line: { type: 'wildcard' } }),
    resource('component_template', { template: { settings: { 'index.mode': 'standard' } } }),
    resource('index_template', { composed_of: ['a', 'b'], ignore_missing_component_templates: ['b'] }),
    resource('ingest_pipeline', { processors: [{ pipeline: { name: 'a@custom', ignore_missing_pipeline: true } }] }),
  ])('content stays as it is written', (written) => {
    expect(prepare(written, 'elasticsearch')).toEqual(written.body);
  });
});

describe('translation: for OpenSearch', () => {
  test('flattened becomes an object that is not parsed', () => {
    const written = mapping({ winlog: { properties: { event_data: { type: 'flattened', ignore_above: 8191 } } } });
    expect(prepare(written, 'opensearch')).toEqual(
      mapping({ winlog: { properties: { event_data: { type: 'object', enabled: false } } } }).body,
    );
  });

  test('wildcard gives up doc values and gets a keyword beside its other sub-fields', () => {
    const written = mapping({
      process: { properties: { command_line: { type: 'wildcard', fields: { text: { type: 'match_only_text' } } } } },
    });
    expect(prepare(written, 'opensearch')).toEqual(
      mapping({
        process: {
          properties: {
            command_line: {
              type: 'wildcard',
              doc_values: false,
              fields: { keyword: { type: 'keyword', ignore_above: 8191 }, text: { type: 'match_only_text' } },
            },
          },
        },
      }).body,
    );
  });

  test('a field named like a type is not taken for a type', () => {
    const written = mapping({ agent: { properties: { type: { type: 'keyword' } } } });
    expect(prepare(written, 'opensearch')).toEqual(written.body);
  });

  test.each([
    [{ 'index.mode': 'standard', 'index.codec': 'best_compression' }, { 'index.codec': 'best_compression' }],
    [{ index: { mode: 'standard', codec: 'best_compression' } }, { index: { codec: 'best_compression' } }],
  ])('index.mode is left out of %j', (settings, expected) => {
    const written = resource('component_template', { template: { settings } });
    expect(prepare(written, 'opensearch')).toEqual({ template: { settings: expected } });
  });

  test('component templates that may be missing are left out', () => {
    const written = resource('index_template', {
      index_patterns: ['x-*'],
      composed_of: ['a', 'b@custom'],
      ignore_missing_component_templates: ['b@custom'],
    });
    expect(prepare(written, 'opensearch')).toEqual({ index_patterns: ['x-*'], composed_of: ['a'] });
  });

  test('a call of an optional pipeline ignores its failure at any depth', () => {
    const written = { pipeline: { name: 'a@custom', ignore_missing_pipeline: true } };
    const translated = { pipeline: { name: 'a@custom', ignore_failure: true } };
    const around = (call: unknown) => ({
      description: 'kept',
      processors: [
        call,
        { foreach: { field: 'a', processor: call } },
        { set: { field: 'a', value: 1, on_failure: [call] } },
      ],
      on_failure: [call],
    });
    expect(prepare(resource('ingest_pipeline', around(written)), 'opensearch')).toEqual(around(translated));
  });

  test('a call of a pipeline that must exist still fails when it does not', () => {
    const written = resource('ingest_pipeline', { processors: [{ pipeline: { name: 'a' } }] });
    expect(prepare(written, 'opensearch')).toEqual(written.body);
  });

  test('the written content is not changed', () => {
    const written = mapping({ command_line: { type: 'wildcard' } });
    prepare(written, 'opensearch');
    expect(written).toEqual(mapping({ command_line: { type: 'wildcard' } }));
  });
});
