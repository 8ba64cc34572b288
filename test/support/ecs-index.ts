import { readContent } from '../../src/content/read-content';
import type { Rule } from '../../src/detections/rule';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { prepare } from '../../src/cluster/translate';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';

/**
 * An index with the mappings of our event streams and no pipeline, for documents that are ECS already. Creates it anew.
 * @param documents by the name under which a match is to be reported
 */
export async function indexEcs(
  cluster: Cluster,
  index: string,
  documents: Readonly<Record<string, object>>,
): Promise<void> {
  const template = readContent('.').find(({ id }) => id === 'process_creation@mappings');
  if (template === undefined) throw new Error('mappings/component-templates/process_creation@mappings.yml is gone');
  const { mappings } = prepare(template, cluster.product).template as { mappings: Record<string, unknown> };
  await request(cluster, { method: 'DELETE', path: `/${index}`, allow: [404] });
  await request(cluster, { method: 'PUT', path: `/${index}`, body: { mappings } });
  const lines = Object.entries(documents).flatMap(([name, document]) => [{ index: { _id: name } }, document]);
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: true },
    ndjson: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  if (body.errors) throw new Error(JSON.stringify(body));
}

/** The names of the documents that a rule's query finds, sorted. */
export async function matchesOf(cluster: Cluster, index: string, rule: Pick<Rule, 'condition'>): Promise<string[]> {
  const { body } = await request<{ hits: { hits: { _id: string }[] } }>(cluster, {
    method: 'POST',
    path: `/${index}/_search`,
    body: { size: 1000, _source: false, query: toQueryDsl(rule) },
  });
  return body.hits.hits.map(({ _id }) => _id).sort();
}
