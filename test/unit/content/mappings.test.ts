import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateMappings } from '../../../scripts/generate-mappings';

const root = join(__dirname, '../../..');

describe('the generated mappings', () => {
  const generated = [...generateMappings()];

  test.each(generated)('%s is what `npm run mappings` writes', (path, text) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });

  test.each(generated)('%s holds nothing that OpenSearch or an older Elasticsearch refuses', (_path, text) => {
    expect(text).not.toMatch(/synthetic_source_keep|constant_keyword/);
  });

  test.each(generated)('%s lets no long value be refused as an immense term', (_path, text) => {
    const keywords = text.match(/type: keyword\n.*/g) ?? [];
    expect(keywords.length).toBeGreaterThan(20);
    expect(keywords.filter((keyword) => !/ignore_above: 8191|index: false/.test(keyword))).toEqual([]);
  });
});
