import { parseYaml } from '../../src/content/yaml-file';
import { parseRule } from '../../src/detections/parse-rule';
import type { Rule } from '../../src/detections/rule';

/** A whole, valid rule around a detection, as plain data to be written as YAML. */
export function ruleWith(detection: unknown): Record<string, unknown> {
  return {
    title: 'Test rule',
    id: '6a9c2c6e-6a7b-4c67-9d0f-5a1f4f3f8d10',
    taxonomy: 'ecs',
    description: 'Only for tests.',
    author: 'Nobody',
    tags: ['attack.execution', 'attack.t1047'],
    logsource: { category: 'process_creation', product: 'windows' },
    detection,
    level: 'medium',
    wmi_detections: {
      version: 1,
      type: 'Hunting',
      group_by: ['host.name'],
      risk: { score: 25, impact: 50, confidence: 50, message: 'on $dest$', objects: [] },
      schedule: { interval: '5m', lookback: '1h' },
      analytic_stories: [],
      asset_type: null,
      security_domain: null,
      kill_chain_phases: [],
      data_sources: [],
      setup: 'None.',
      triage: null,
      upstream: {
        source: 'none',
        status: null,
        last_updated: null,
        datamodel: null,
        products: [],
        search: 'none',
        group_by: [],
        required_fields: [],
        mitre_attack_ids: [],
        drilldown_searches: [],
        tests: [],
        test_dataset: null,
        manual_test: null,
      },
    },
  };
}

/**
 * Reads a rule whose file holds this detection from its line 10 on (`detection:` is line 9).
 * @param detection YAML, not indented
 */
export function ruleOf(detection: string): Rule {
  const rest = JSON.stringify(ruleWith({}).wmi_detections);
  const text = `title: Test rule
id: 6a9c2c6e-6a7b-4c67-9d0f-5a1f4f3f8d10
taxonomy: ecs
description: Only for tests.
author: Nobody
tags: [attack.execution, attack.t1047]
logsource: {category: process_creation, product: windows}
level: medium
detection:
${detection.replace(/^/gm, '  ')}
wmi_detections: ${rest}
`;
  return parseRule(parseYaml(text, 'rules/test.yml'), 'test');
}
