import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readYaml } from '../content/yaml-file';
import { readAllContent } from '../resources/read-all-content';
import { PROGRAM_FOLDER } from '../program';
import { canonicalJson } from '../json';
import { kibanaNdjson, kibanaRulesOf } from '../schedulers/kibana/export';
import { watchesOf } from '../schedulers/watcher/export';
import { monitorsOf } from '../schedulers/opensearch-alerting/export';
import { navigatorLayer } from '../report/navigator';
import { chosenRules, type Rule } from '../detections/rule';
import { readFieldTypes } from '../sigma/field-types';
import { declare, settingsOf } from './command';

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

/** What was exported: as text, and as the data that it is the text of. */
export interface Exported {
  /** Without newline at its end. */
  readonly text: string;
  readonly data: unknown;
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
    case 'kibana': {
      const data = kibanaRulesOf(content, rules, { namespace, indices, types: readFieldTypes(root), now });
      return { text: kibanaNdjson(data), data };
    }
    case 'watcher': {
      const data = watchesOf(content, rules, { namespace, indices, now });
      return { text: JSON.stringify(data, null, 2), data };
    }
    case 'opensearch-alerting': {
      const data = monitorsOf(content, rules, { namespace, indices, now });
      return { text: data.map((body) => canonicalJson(body)).join('\n'), data };
    }
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
  }
}

function fileOf(root: string, { slug }: Rule): string {
  return join(root, 'rules', `${slug}.yml`);
}

export const exportCommand = declare({
  name: 'export <format> [rules..]',
  describe: 'print the rules in the form of another tool, offline',
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
