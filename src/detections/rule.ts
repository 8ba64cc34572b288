import type { Condition } from '../sigma/condition';
import type { RuleAction } from './rule-schema';
import { ProblemError } from '../errors';
import { nearest } from '../text/suggest';

/** A field of an alert to which its risk is added: `name` is the detection's own word (`user`, `dest`). */
export interface RiskObject {
  readonly name: string;
  readonly type: string;
  readonly roles: readonly string[];
}

/** What the detection was where it is from, in the words used there, for people; no code acts on it. */
export interface Upstream {
  readonly source: string;
  readonly status: string | null;
  readonly lastUpdated: string | null;
  readonly datamodel: string | null;
  readonly products: readonly string[];
  readonly search: string;
  readonly groupBy: readonly string[];
  readonly requiredFields: readonly string[];
  readonly mitreAttackIds: readonly string[];
  readonly drilldownSearches: readonly string[];
  readonly tests: readonly {
    readonly name: string;
    readonly attackData: readonly { readonly data: string; readonly source: string; readonly sourcetype: string }[];
  }[];
  readonly testDataset: string | null;
  readonly manualTest: string | null;
}

/** A detection: one Sigma file of rules/, checked. Plain JSON. Lists are empty and texts null where the file says nothing. */
export interface Rule {
  /** The file's name without its ending; its tuning stands in rules/exceptions under the same name. */
  readonly slug: string;
  /** Sigma `id`. */
  readonly uuid: string;
  /** Sigma `title`. */
  readonly name: string;
  readonly status: 'stable' | 'test' | 'experimental' | 'deprecated' | 'unsupported' | null;
  readonly description: string;
  readonly license: string | null;
  readonly references: readonly string[];
  readonly authors: readonly string[];
  /** YYYY-MM-DD. */
  readonly date: string | null;
  /** YYYY-MM-DD. */
  readonly modified: string | null;
  /** Sigma tags, `attack.t1047`. */
  readonly tags: readonly string[];
  readonly logsource: { readonly category: string; readonly product: string };
  /** The detection without its log source. */
  readonly condition: Condition;
  /** ECS fields that the detection needs, or an analyst wants to see. */
  readonly fields: readonly string[];
  readonly falsePositives: readonly string[];
  readonly level: 'informational' | 'low' | 'medium' | 'high' | 'critical';
  readonly version: number;
  readonly type: 'Hunting' | 'TTP' | 'Anomaly' | 'Baseline' | 'Correlation';
  /** ECS fields, in the order of the seed's `by`. Read their values with `groupValue`. */
  readonly groupBy: readonly string[];
  readonly risk: {
    /** 0 to 100. */
    readonly score: number;
    /** 0 to 100. */
    readonly impact: number;
    /** 0 to 100. */
    readonly confidence: number;
    /** With Splunk's tokens, `$dest$`; see `renderMessage`. */
    readonly message: string;
    readonly objects: readonly RiskObject[];
  };
  /** Durations as `parseDuration` reads them: `5m`, `1h`. */
  readonly schedule: { readonly interval: string; readonly lookback: string };
  readonly kibana: {
    /** Left to the analysts where the file does not say it; so are the actions. */
    readonly enabled?: boolean | undefined;
    readonly actions?: readonly RuleAction[] | undefined;
  };
  readonly analyticStories: readonly string[];
  readonly assetType: string | null;
  readonly securityDomain: string | null;
  readonly killChainPhases: readonly string[];
  readonly dataSources: readonly string[];
  /** How to implement. */
  readonly setup: string;
  /** What an analyst does with an alert. */
  readonly triage: string | null;
  readonly upstream: Upstream;
}

/**
 * The rules that somebody asked for, in the order of the content.
 * @param wanted UUIDs, names or slugs, in any case; all rules where there are none
 * @throws ProblemError USAGE for each that is no rule
 */
export function chosenRules(rules: readonly Rule[], wanted: readonly string[] | undefined): readonly Rule[] {
  if (wanted === undefined || wanted.length === 0) return rules;
  const unknown = wanted.filter((word) => !rules.some((rule) => isNamed(rule, word)));
  if (unknown.length > 0) {
    throw new ProblemError(
      'USAGE',
      unknown.map((word) => ({ message: `there is no rule "${word}"`, hint: hintFor(word, rules) })),
    );
  }
  return rules.filter((rule) => wanted.some((word) => isNamed(rule, word)));
}

/** Whether a word is the UUID, the name or the slug of a rule, in any case. */
export function isNamed({ uuid, name, slug }: Rule, word: string): boolean {
  return [uuid, name, slug].some((own) => own.toLowerCase() === word.toLowerCase());
}

function hintFor(word: string, rules: readonly Rule[]): string {
  const slugs = rules.map(({ slug }) => slug);
  const meant = nearest(word, slugs);
  return meant === undefined ? `Rules: ${slugs.join(', ')}.` : `Did you mean "${meant}"?`;
}

/** In rising order; the words and limits are those of Elastic Security. */
const SEVERITIES = [
  { word: 'low', upTo: 21, number: 21 },
  { word: 'medium', upTo: 47, number: 47 },
  { word: 'high', upTo: 73, number: 73 },
  { word: 'critical', upTo: 100, number: 99 },
] as const;

export type Severity = (typeof SEVERITIES)[number]['word'];

/**
 * The severity of a risk score: 0-21 low, 22-47 medium, 48-73 high, 74-100 critical (docs/design.md, "Severity").
 * @param score 0 to 100
 * @returns the word, and the number that ECS `event.severity` holds for it: 21, 47, 73 or 99
 */
export function severityOf(score: number): { readonly word: Severity; readonly number: 21 | 47 | 73 | 99 } {
  const { word, number } = SEVERITIES.find(({ upTo }) => score <= upTo) ?? SEVERITIES[3];
  return { word, number };
}
