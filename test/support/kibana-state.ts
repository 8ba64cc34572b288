import { randomUUID } from 'node:crypto';
import { isRecord } from '../../src/json';

export type Thing = Record<string, unknown>;

/** What one space holds, by rule_id, list_id and item_id. */
export interface Space {
  readonly rules: Map<string, Thing>;
  readonly lists: Map<string, Thing>;
  readonly items: Map<string, Thing>;
  /** The documents of the alert index, fields by their dotted names. */
  readonly alerts: Thing[];
}

/** What a Kibana of some version adds to a rule that it gives back; the default adds nothing more. */
export type Decoration = (rule: Thing) => Thing;

/** An answer of the API that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What a rule is given that does not say it (Kibana 8.18). */
const RULE_DEFAULTS: Thing = {
  actions: [],
  author: [],
  enabled: true,
  exceptions_list: [],
  false_positives: [],
  from: 'now-6m',
  interval: '5m',
  max_signals: 100,
  output_index: '',
  references: [],
  related_integrations: [],
  required_fields: [],
  risk_score_mapping: [],
  setup: '',
  severity_mapping: [],
  tags: [],
  threat: [],
  to: 'now',
  version: 1,
};

/** Creates a rule, or replaces it as PUT does: what is not in the body is gone. */
export function storeRule(space: Space, body: Thing, user: string): Thing {
  const id = typeof body.rule_id === 'string' ? body.rule_id : randomUUID();
  const before = space.rules.get(id);
  const now = new Date().toISOString();
  const rule: Thing = {
    ...RULE_DEFAULTS,
    ...body,
    rule_id: id,
    threat: listOf(body.threat).map((entry) => ({
      ...entry,
      technique: listOf(entry.technique).map(withSubtechnique),
    })),
    required_fields: listOf(body.required_fields).map((field) => ({ ...field, ecs: true })),
    id: before?.id ?? randomUUID(),
    immutable: false,
    rule_source: { type: 'internal' },
    revision: before === undefined ? 0 : Number(before.revision) + 1,
    created_at: before?.created_at ?? now,
    created_by: before?.created_by ?? user,
    updated_at: now,
    updated_by: user,
  };
  const kept = JSON.parse(JSON.stringify(rule)) as Thing;
  space.rules.set(id, kept);
  return kept;
}

function withSubtechnique(technique: Thing): Thing {
  return { subtechnique: [], ...technique };
}

/** Adds what a stored list or item has of the server's own. */
export function serverOwned(body: Thing, before: Thing | undefined, user: string): Thing {
  const now = new Date().toISOString();
  return {
    namespace_type: 'single',
    os_types: [],
    tags: [],
    ...body,
    _version: randomUUID(),
    id: before?.id ?? randomUUID(),
    tie_breaker_id: before?.tie_breaker_id ?? randomUUID(),
    created_at: before?.created_at ?? now,
    created_by: before?.created_by ?? user,
    updated_at: now,
    updated_by: user,
  };
}

/** Stores an exception item; the comments keep their authors. */
export function storeItem(space: Space, body: Thing, before: Thing | undefined, user: string): Thing {
  const comments = listOf(body.comments).map((comment) => {
    const known = listOf(before?.comments).find(({ id }) => id === comment.id);
    return (
      known ?? { id: randomUUID(), created_at: new Date().toISOString(), created_by: user, comment: comment.comment }
    );
  });
  const id = typeof body.item_id === 'string' ? body.item_id : randomUUID();
  const item = serverOwned({ ...body, list_id: before?.list_id ?? body.list_id, item_id: id, comments }, before, user);
  space.items.set(id, item);
  return item;
}

export function listOf(value: unknown): Thing[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** The KQL that is asked of saved objects: `type.attributes.field: "value"` or `… : ("one" or "two")`. */
export function matcher(filter: string): (thing: Thing) => boolean {
  const [, type, path, values] = /^(alert|exception-list)\.attributes\.([\w.]+): (\(.*\)|".*")$/.exec(filter) ?? [];
  if (type === undefined || path === undefined || values === undefined) {
    throw new Refusal(400, `KQLSyntaxError: the test server does not understand ${filter}`);
  }
  const field = path === 'params.ruleId' ? 'rule_id' : path;
  if (!['rule_id', 'tags', 'list_id', 'name', 'enabled'].includes(field)) {
    throw new Refusal(400, `This key '${path}' does NOT exist in ${type} saved object index patterns`);
  }
  const wanted = [...values.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
  return (thing) => {
    const value = thing[field];
    return Array.isArray(value) ? value.some((each) => wanted.includes(String(each))) : wanted.includes(String(value));
  };
}
