import type { estypes } from '@elastic/elasticsearch';
import type { Cluster } from '../cluster/cluster';
import { isRecord, type JsonRecord } from '../json';
import { flatSettings, leafFields } from '../resources/effective-template';

import { type BlindSpot, listNames } from './blind-spot';
import type { Compared } from './field-spots';
import { finds, isWhole, type Mapped } from './fields';
import type { OwnStream } from './standing';

/**
 * What a new index of a template would be made of: settings and mappings. Asked by the template, because OpenSearch simulates no
 * index whose name is taken (500, "names need to be unique").
 * @returns an empty object where there is no such template
 */
export async function simulatedTemplate({ client }: Cluster, name: string): Promise<JsonRecord> {
  const { statusCode, body } = await client.indices.simulateTemplate({ name }, { ignore: [400, 404], meta: true });
  const answer: Partial<estypes.IndicesSimulateTemplateResponse> = statusCode === 200 ? body : {};
  return { ...answer.template };
}

/** The default pipeline that a template gives. */
export function pipelineOf(template: JsonRecord): string | undefined {
  const pipeline = flatSettings(template.settings)['index.default_pipeline'];
  return typeof pipeline === 'string' ? pipeline : undefined;
}

/**
 * What is wrong with what a new index of a stream would be made of: a component template of the user's
 * (`process_creation@custom`) may replace our field types.
 * @param template settings and mappings of a new index
 */
export function composedSpots(stream: OwnStream, template: JsonRecord, compared: readonly Compared[]): BlindSpot[] {
  const { name, pipeline } = stream;
  const spots: BlindSpot[] = [];
  const actual = pipelineOf(template);
  if (actual !== pipeline) {
    const message = `a new index of ${name} would have the default pipeline ${actual ?? '_none'} and not ${pipeline}: its events would not be read`;
    const fix =
      'Run `wmi-detections deploy`, and look for what changes index.default_pipeline in the component templates.';
    spots.push({ code: 'other_pipeline', certain: false, index: name, rules: [], message, fix });
  }
  const leaves = leafFields(template.mappings);
  for (const { field, by } of compared) {
    const leaf = leaves.get(field);
    if (leaf === undefined) continue;
    const mapped = mappedBy(leaf);
    const blind = by.filter(({ test }) => !finds(test, mapped));
    const subs = isRecord(leaf.fields) ? Object.values(leaf.fields) : [];
    if (blind.length === 0 || subs.some((sub) => isRecord(sub) && isWhole(mappedBy(sub)))) continue;
    const rules = [...new Set(blind.map(({ reading }) => reading.rule.name))];
    const message = `${field} would be ${mapped.type} in a new index of ${name}: ${listNames(rules)} could not find its values there`;
    const fix = `Map it as keyword in the component template that changes it: GET /_index_template/${stream.template} lists them.`;
    spots.push({ code: 'unsearchable_field', certain: false, index: name, rules, message, fix });
  }
  return spots;
}

function mappedBy({ type, index, doc_values: docValues }: JsonRecord): Mapped {
  const searchable = index !== false || docValues !== false;
  return { type: typeof type === 'string' ? textFamily(type) : 'object', searchable, indices: undefined };
}

/** As field capabilities name it. */
function textFamily(type: string): string {
  return type === 'match_only_text' ? 'text' : type;
}
