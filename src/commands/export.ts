import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readYaml } from '../content/yaml-file';
import { readAllContent } from '../resources/read-all-content';
import { PROGRAM_FOLDER } from '../program';
import { navigatorLayer } from '../report/navigator';
import { chosenRules, type Rule } from '../detections/rule';
import { readFieldTypes } from '../sigma/field-types';
import type { Content } from '../resources/kind';
import { SCHEDULERS } from '../schedulers';
import type { Exported, ExportOptions as SchedulerExportOptions } from '../schedulers/scheduler';
import type { SchedulerName } from '../settings';
import { declare, settingsOf } from './command';

/** The forms of the schedulers that import rules, and those of other tools. */
const FORMATS = ['kibana', 'opensearch-alerting', 'watcher', 'sigma', 'navigator'] as const;

export interface ExportOptions {
  readonly format: (typeof FORMATS)[number];
  /** The folder that holds pipelines/, mappings/ and rules/. */
  readonly root: string;
  readonly namespace: string;
  readonly indices?: readonly string[] | undefined;
  /** UUIDs, names or slugs; all rules where not given. */
  readonly rules?: readonly string[] | undefined;
  /** Milliseconds since 1970; the present where not given. */
  readonly now?: number | undefined;
}

/**
 * Our rules in the form of another tool, offline; the same content gives the same bytes.
 *
 *   kibana               a line of JSON a rule, as Kibana's own page imports it
 *   opensearch-alerting  a line of JSON a monitor, each the body of a POST to /_plugins/_alerting/monitors
 *   watcher              a list of {_id, watch}, each for PUT _watcher/watch/<_id>
 *   sigma                the rule files as they are, one YAML document each
 *   navigator            an ATT&CK Navigator layer of what the rules cover
 * @throws ProblemError USAGE for a format of a later version or a rule that is not there; CONTENT_INVALID; RULE_INVALID
 *   when a rule cannot be said in that form
 */
export function exportRules(options: ExportOptions): Exported {
  const { format, root, namespace, indices, now = Date.now() } = options;
  const content = readAllContent(root);
  const rules = chosenRules(content.rules, options.rules);
  switch (format) {
    case 'sigma': {
      const files = rules.map((rule) => fileOf(root, rule));
      return {
        text: files.map((file) => readFileSync(file, 'utf8').trimEnd()).join('\n---\n'),
        data: files.map((file) => readYaml(file).value),
      };
    }
    case 'navigator': {
      const data = navigatorLayer(rules);
      return { text: JSON.stringify(data, null, 2), data };
    }
    default:
      return exportFor(format, content, rules, { namespace, indices, types: readFieldTypes(root), now });
  }
}

function exportFor(
  name: SchedulerName,
  content: Content,
  rules: readonly Rule[],
  options: SchedulerExportOptions,
): Exported {
  const exported = SCHEDULERS[name].export?.(content, rules, options);
  if (exported === undefined) throw new Error(`there is no export for ${name}`);
  return exported;
}

function fileOf(root: string, { slug }: Rule): string {
  return join(root, 'rules', `${slug}.yml`);
}

export const exportCommand = declare({
  positionals: {
    format: { choices: FORMATS, demandOption: true, describe: 'the form' },
    rules: { type: 'string', array: true, describe: 'ids, names or file names of rules; all unless given' },
  },
  options: {},
  examples: [
    ['$0 export kibana > rules.ndjson', 'for the import page of Elastic Security'],
    ['$0 export navigator > layer.json', 'for the ATT&CK Navigator'],
  ],
  run: (context, argv) => {
    const { namespace, indices, content = PROGRAM_FOLDER } = settingsOf(context, argv);
    const { text, data } = exportRules({ format: argv.format, root: content, namespace, indices, rules: argv.rules });
    return Promise.resolve({ json: data, text, exit: 0 });
  },
});
