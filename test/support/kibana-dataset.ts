import type { KibanaConnection } from '../../src/schedulers/kibana/spaces';
import { connectedDeployment } from './deployment';
import { makeDestroyPlan } from '../../src/plan/destroy';
import { createHash } from 'node:crypto';
import { type Applied } from '../../src/plan/apply';
import { readAllContent } from '../../src/resources/read-all-content';
import { planFrom, type Plan } from '../../src/plan/plan';
import { PROGRAM_FOLDER } from '../../src/program';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import type { Exception } from '../../src/sigma/exceptions';
import type { Rule } from '../../src/detections/rule';
import { connectKibana } from '../../src/cluster/kibana';
import { API_KEY, type KibanaServer } from './kibana-server';
import { quick } from './retry-policy';
import { testCluster } from './cluster';

const OF_KIBANA: readonly string[] = ['exception_list', 'exception_item', 'detection_rule'];

/** The content that comes with the program, its rules and exceptions replaced. */
export function contentWith(rules: readonly Rule[], exceptions: Record<string, Exception[]> = {}): Content {
  const listed = Object.entries(exceptions).map(([slug, entries]) => ({
    slug,
    file: `rules/exceptions/${slug}.yml`,
    entries,
  }));
  return { ...shipped(), rules, exceptions: listed };
}

let read: Content | undefined;

/** The content that comes with the program. */
export function shipped(): Content {
  read ??= readAllContent(PROGRAM_FOLDER);
  return read;
}

/** The first rule that is shipped, with changes. */
export function rule(changes: Partial<Rule> = {}): Rule {
  const [first] = shipped().rules;
  if (first === undefined) throw new Error('no rule is shipped');
  return { ...first, ...changes };
}

/** That many rules, each with an id and a name of its own. */
export function manyRules(count: number, changes: Partial<Rule> = {}): Rule[] {
  return Array.from({ length: count }, (_, number) =>
    rule({ uuid: uuidOf(number), slug: `rule_${number}`, name: `Rule ${number}`, ...changes }),
  );
}

/** What a rule of Kibana holds that somebody made with another type than ours. */
export const OTHER_TYPE = { type: 'query', language: 'kuery', query: 'process.name: x' };

export function uuidOf(number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

/** An exception that Kibana can say: the program of that name. */
export function exception(id: string, changes: Partial<Exception> = {}): Exception {
  return {
    id,
    enabled: true,
    comment: `${id} is ours`,
    author: 'Somebody',
    expires: null,
    place: { file: 'rules/exceptions/test.yml' },
    condition: {
      kind: 'field',
      field: 'process.name',
      test: { kind: 'text', pattern: [{ literal: id }], cased: true },
    },
    ...changes,
  };
}

/** A connection to some spaces of a Kibana. */
export async function connectionTo(
  server: KibanaServer,
  { spaces = ['default'], apiKey = API_KEY }: { spaces?: readonly string[]; apiKey?: string } = {},
): Promise<KibanaConnection> {
  return { server: await connectKibana({ url: server.url, apiKey }, spaces, { retryPolicy: quick() }), spaces };
}

export async function scopeFor(
  server: KibanaServer,
  options: { spaces?: readonly string[]; namespace?: string; apiKey?: string } = {},
): Promise<Deployment> {
  const { namespace = 'default' } = options;
  const kibana = await connectionTo(server, options);
  return connectedDeployment({ cluster: await testCluster(), namespace }, { kibana }, { runs: 'kibana' });
}

/** The part of a plan that is about Kibana: the rest of the node belongs to all tests. */
export async function planKibana(scope: Deployment, content: Content, prune = false): Promise<Plan> {
  return ofKibana(await scope.plan(content, { prune }));
}

export async function destroyKibana(scope: Deployment): Promise<Applied> {
  const { plan } = await makeDestroyPlan(scope, { withData: false });
  return scope.apply(ofKibana(plan));
}

export async function deployKibana(scope: Deployment, content: Content, prune = false): Promise<Applied> {
  return scope.apply(await planKibana(scope, content, prune));
}

function ofKibana({ steps, counts, leftovers }: Plan): Plan {
  const ours = steps.filter(({ kind }) => OF_KIBANA.includes(kind.name));
  return planFrom(
    ours,
    counts.unchanged,
    leftovers.filter(({ kind }) => OF_KIBANA.includes(kind)),
  );
}

/** `create detection_rule/<id>` of each step. */
export function actions({ steps }: Plan): string[] {
  return steps.map(({ change }) => `${change.action} ${change.kind}/${change.id}`);
}

/** `done` or what was said, of each change. */
export function results({ changes }: Applied): string[] {
  return changes.map(({ action, kind, id, status }) => `${action} ${kind}/${id}: ${status}`);
}
