import { SIGMA_FIELDS } from '../sigma/taxonomy';
import { uuidV5 } from '../text/uuid';
import { type Rule, severityOf, type Upstream } from './rule';
import type { RuleFile, WrittenBlock } from './rule-schema';

type Level = Rule['level'];

/** The risk score of a rule that names none. */
const SCORES: Readonly<Record<Level, number>> = { informational: 10, low: 21, medium: 47, high: 73, critical: 99 };

/** What makes up one alert unless a rule says otherwise: one process of one user on one host. */
const GROUP_BY: readonly string[] = [
  'process.parent.name',
  'process.parent.command_line',
  'process.name',
  'process.command_line',
  'process.pe.original_file_name',
  'process.pid',
  'process.parent.executable',
  'process.entity_id',
  'process.parent.pid',
  'host.name',
  'user.name',
  'process.executable',
];

const OBJECTS: Rule['risk']['objects'] = [
  { name: 'user', type: 'User', roles: ['Victim'] },
  { name: 'dest', type: 'Hostname', roles: ['Victim'] },
];

/** The namespace of the ids of rules that have none. */
const WITHOUT_ID = 'a1c4b7de-5f0e-4f0c-9a59-0f2d2f5f7c31';

/** The level of a rule, from its risk score where it has none. */
export function levelOf({ level, wmi_detections: own }: RuleFile): Level {
  const score = own?.risk?.score;
  return level ?? (score === undefined ? 'medium' : severityOf(score).word);
}

/** The rule's id; of one that has none, it is made of the title. */
export function idOf({ id, title }: Pick<RuleFile, 'id' | 'title'>): string {
  return id ?? uuidV5(WITHOUT_ID, title);
}

/** What our block says, with a default for everything that it leaves out (FORMATS.md lists them). */
export function blockOf(
  file: RuleFile,
): Pick<
  Rule,
  | 'version'
  | 'type'
  | 'groupBy'
  | 'risk'
  | 'schedule'
  | 'kibana'
  | 'analyticStories'
  | 'assetType'
  | 'securityDomain'
  | 'killChainPhases'
  | 'dataSources'
  | 'setup'
  | 'triage'
  | 'upstream'
> {
  const own: WrittenBlock = file.wmi_detections ?? {};
  return {
    version: own.version ?? 1,
    type: own.type ?? 'TTP',
    groupBy: own.group_by ?? GROUP_BY,
    risk: riskOf(file, own),
    schedule: { interval: own.schedule?.interval ?? '5m', lookback: own.schedule?.lookback ?? '1h' },
    kibana: own.kibana ?? {},
    analyticStories: own.analytic_stories ?? [],
    assetType: own.asset_type ?? null,
    securityDomain: own.security_domain ?? null,
    killChainPhases: own.kill_chain_phases ?? [],
    dataSources: own.data_sources ?? [],
    setup: own.setup ?? file.logsource.definition ?? '',
    triage: own.triage ?? null,
    upstream: upstreamOf(own.upstream ?? {}),
  };
}

function riskOf(file: RuleFile, { risk = {} }: WrittenBlock): Rule['risk'] {
  return {
    score: risk.score ?? SCORES[levelOf(file)],
    impact: risk.impact ?? 50,
    confidence: risk.confidence ?? 50,
    message: risk.message ?? `${file.title} on $dest$`,
    objects: risk.objects ?? OBJECTS,
  };
}

function upstreamOf(upstream: NonNullable<WrittenBlock['upstream']>): Upstream {
  return {
    source: upstream.source ?? 'sigma',
    status: upstream.status ?? null,
    lastUpdated: upstream.last_updated ?? null,
    datamodel: upstream.datamodel ?? null,
    products: upstream.products ?? [],
    search: upstream.search ?? '',
    groupBy: upstream.group_by ?? [],
    requiredFields: upstream.required_fields ?? [],
    mitreAttackIds: upstream.mitre_attack_ids ?? [],
    drilldownSearches: upstream.drilldown_searches ?? [],
    tests: upstream.tests?.map(({ name, attack_data }) => ({ name, attackData: attack_data })) ?? [],
    testDataset: upstream.test_dataset ?? null,
    manualTest: upstream.manual_test ?? null,
  };
}

/** The fields that an analyst wants to see, as ECS names them; of Sigma's names, those that sources have. */
export function shownFields({ fields = [], taxonomy }: RuleFile): string[] {
  if (taxonomy === 'ecs') return fields;
  return fields.flatMap((name) => {
    const known = SIGMA_FIELDS.get(name);
    return known === undefined || !('field' in known) ? [] : [known.field];
  });
}
