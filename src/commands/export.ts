import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContent } from '../content/read-content';
import { listRuleFolder } from '../content/rule-folder';
import { readYaml } from '../content/yaml-file';
import { prepare } from '../cluster/translate';
import type { Product } from '../cluster/cluster';
import { ProblemError } from '../errors';
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
      const listed = listRuleFolder(join(root, 'rules')).rules;
      const files = rules.flatMap(({ slug }) => listed.filter((file) => file.slug === slug)).map(({ path }) => path);
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

/**
 * Our pipelines as they are sent to a product, offline: scripts in place of the names of their files, and what the products
 * write differently translated. The ownership mark is not among it.
 * @param root the folder that holds pipelines/
 * @param ids of pipelines; all where not given
 * @returns a JSON object, id → body of `PUT _ingest/pipeline/<id>`
 * @throws ProblemError CONTENT_INVALID; USAGE for a pipeline that is not there
 */
export function exportPipelines(root: string, product: Product, ids: readonly string[] = []): Exported {
  const pipelines = readContent(root).filter(({ kind }) => kind === 'ingest_pipeline');
  const unknown = ids.filter((id) => !pipelines.some((pipeline) => pipeline.id === id));
  if (unknown.length > 0) {
    const hint = `Known: ${pipelines.map(({ id }) => id).join(', ')}.`;
    const problems = unknown.map((id) => ({ message: `there is no pipeline "${id}"`, hint }));
    throw new ProblemError('USAGE', problems);
  }
  const chosen = pipelines.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const data = Object.fromEntries(chosen.map((pipeline) => [pipeline.id, prepare(pipeline, product)]));
  return { text: JSON.stringify(data, null, 2), data };
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

export const exportCommand = declare({
  positionals: {
    format: {
      choices: [...FORMATS, 'pipelines'] as const,
      demandOption: true,
      describe: 'the form; or `pipelines`, as they are sent',
    },
    rules: { type: 'string', array: true, describe: 'ids, names or file names of rules; all unless given' },
  },
  options: {
    engine: {
      choices: ['elasticsearch', 'opensearch'] as const,
      default: 'elasticsearch' as const,
      describe: 'for `pipelines`: the product that they are for',
    },
  },
  examples: [
    ['$0 export kibana > rules.ndjson', 'for the import page of Elastic Security'],
    ['$0 export navigator > layer.json', 'for the ATT&CK Navigator'],
    ['$0 export pipelines --engine opensearch', 'what deploy sends to OpenSearch'],
  ],
  run: (context, argv) => {
    const { namespace, indices, content = PROGRAM_FOLDER } = settingsOf(context, argv);
    const { format, rules, engine } = argv;
    const { text, data } =
      format === 'pipelines'
        ? exportPipelines(content, engine, rules)
        : exportRules({ format, root: content, namespace, indices, rules });
    return Promise.resolve({ json: data, text, exit: 0 });
  },
});
