import type { JsonRecord } from '../json';
import { threatOf, type Threat } from './attack';
import { type Rule, severityOf } from './rule';
import { PROGRAM_NAME } from '../program';

/** What every alert of a rule holds, whatever its events: ECS (docs/design.md, "Alert document"). */
export interface AlertBase {
  readonly event: { readonly kind: 'alert'; readonly risk_score: number; readonly severity: number };
  readonly rule: JsonRecord;
  readonly threat: Threat;
  readonly tags: readonly string[];
}

/** The part of an alert that its rule decides; each scheduler that writes alerts of its own builds on it. */
export function alertBase(rule: Rule): AlertBase {
  return {
    event: { kind: 'alert', risk_score: rule.risk.score, severity: severityOf(rule.risk.score).number },
    rule: {
      uuid: rule.uuid,
      name: rule.name,
      version: String(rule.version),
      description: rule.description,
      author: rule.authors,
      reference: rule.references,
      ...(rule.license !== null && { license: rule.license }),
      ruleset: PROGRAM_NAME,
    },
    threat: threatOf(rule),
    tags: [...rule.tags, rule.type, ...rule.analyticStories],
  };
}

/** Group fields that are numbers in ECS; a value that is none is left out of its ECS place, where it would be refused. */
export const NUMBER_FIELDS: readonly string[] = ['process.pid', 'process.parent.pid'];
