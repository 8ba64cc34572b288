/** The options of every processor. */
const COMMON = ['tag', 'description', 'if', 'ignore_failure', 'on_failure'];

/**
 * The ingest processors and options that Elasticsearch 8 and 9 and OpenSearch 2.19 and 3.x all accept; read off both products'
 * documentation and tried on OpenSearch 3.8. What stands here can be deployed anywhere; anything else is refused offline.
 */
export const PROCESSORS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    append: 'field value allow_duplicates',
    bytes: 'field target_field ignore_missing',
    convert: 'field type target_field ignore_missing',
    csv: 'field target_fields separator quote ignore_missing trim empty_value',
    date: 'field formats target_field timezone locale output_format',
    date_index_name: 'field date_rounding index_name_prefix index_name_format date_formats timezone locale',
    dissect: 'field pattern append_separator ignore_missing',
    dot_expander: 'field path',
    drop: '',
    fail: 'message',
    foreach: 'field processor ignore_missing',
    grok: 'field patterns pattern_definitions trace_match ignore_missing',
    gsub: 'field pattern replacement target_field ignore_missing',
    html_strip: 'field target_field ignore_missing',
    join: 'field separator target_field',
    json: 'field target_field add_to_root',
    kv: 'field field_split value_split target_field include_keys exclude_keys ignore_missing prefix trim_key trim_value strip_brackets',
    lowercase: 'field target_field ignore_missing',
    // Only Elasticsearch knows ignore_missing_pipeline; src/cluster/translate.ts says what becomes of it.
    pipeline: 'name ignore_missing_pipeline',
    remove: 'field ignore_missing',
    rename: 'field target_field ignore_missing',
    script: 'lang id source params',
    set: 'field value override ignore_empty_value',
    sort: 'field order target_field',
    split: 'field separator target_field ignore_missing preserve_trailing',
    trim: 'field target_field ignore_missing',
    uppercase: 'field target_field ignore_missing',
    urldecode: 'field target_field ignore_missing',
    user_agent: 'field target_field regex_file properties ignore_missing',
  }).map(([type, options]) => [type, new Set([...options.split(' ').filter((option) => option !== ''), ...COMMON])]),
);

/** What to write instead of something that only one of the products has. */
export const INSTEAD: Readonly<Record<string, string>> = {
  'set.copy_from': 'OpenSearch has no copy_from: copy in a script, or `value: "{{{field}}}"` for text.',
  copy: 'Elasticsearch has no copy processor: copy in a script.',
  geoip: 'OpenSearch has no geoip processor (ip2geo is a plugin of its own).',
  fingerprint: 'The two products name the options of fingerprint differently.',
  'rename.override': 'Remove the target first.',
  'remove.keep': 'OpenSearch has no keep: remove by name, or in a script.',
  reroute: 'OpenSearch has no reroute processor: set `_index` in a script.',
};
