import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readYaml } from '../content/yaml-file';
import { ProblemError, type Problem } from '../errors';
import type { Condition } from '../sigma/condition';
import type { FieldTypes } from '../sigma/field-types';
import type { RuleAction } from './kibana-frame';
import { parseRule } from './parse-rule';

/** A field of an alert to which its risk is added: `name` is the detection's own word (`user`, `dest`). */
export interface RiskObject {
  readonly name: string;
  readonly type: string;
  readonly roles: readonly string[];
}

/** What the detection was in Splunk, in Splunk's own words, for people; no code acts on it. */
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
  readonly type: 'Hunting' | 'TTP';
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
 * Reads every rule of a folder (`*.yml`, not its subfolders), in the order of the files' names.
 * @param folder where the rules are
 * @param fieldTypes the fields that can be searched, see `readFieldTypes`; without them fields are not checked
 * @throws ProblemError RULE_INVALID with every problem of every file (two files with one id included), INPUT when the
 *   folder cannot be read or holds no rule
 */
export function readRules(folder: string, fieldTypes?: FieldTypes): Rule[] {
  const files = ruleFiles(folder);
  const problems: Problem[] = [];
  const rules: Rule[] = [];
  const fileOf = new Map<string, string>();
  for (const file of files) {
    const path = join(folder, file);
    try {
      const yaml = readYaml(path);
      const rule = parseRule(yaml, basename(file, '.yml'), fieldTypes);
      const twin = fileOf.get(rule.uuid.toLowerCase());
      if (twin !== undefined) {
        problems.push({
          where: yaml.placeOf(['id']),
          message: `id ${rule.uuid} is already that of ${twin}`,
          hint: 'Two rules never share an id: alerts and schedulers know a rule by it. Give one of them a new UUID.',
        });
      }
      fileOf.set(rule.uuid.toLowerCase(), path);
      rules.push(rule);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ProblemError('RULE_INVALID', problems);
  return rules;
}

function ruleFiles(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(folder)
      .filter((name) => name.endsWith('.yml'))
      .sort();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ProblemError('INPUT', [{ where: { file: folder }, message: `cannot be read (${reason})` }], { cause });
  }
  if (files.length === 0) {
    throw new ProblemError('INPUT', [{ where: { file: folder }, message: 'holds no rule (*.yml)' }]);
  }
  return files;
}
