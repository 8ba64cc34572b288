import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContent } from '../content/read-content';
import { listRuleFolder } from '../content/rule-folder';
import { readYaml } from '../content/yaml-file';
import { prepare } from '../cluster/translate';
import type { Product } from '../cluster/cluster';
import { ProblemError, type Problem } from '../errors';
import { escapeForTerminal } from '../text/escape';
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

/** What was exported, and why some rules were not. */
interface PartlyExported extends Exported {
  readonly problems?: readonly Problem[];
}

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
 * @returns the rules that can be expressed in that form, and the problems of those that cannot
 * @throws ProblemError USAGE for a format of a later version or a rule that is not there; CONTENT_INVALID; RULE_INVALID
 *   when no rule can be expressed in that form
 */
export function exportRules(options: ExportOptions): PartlyExported {
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
): PartlyExported {
  const scheduler = SCHEDULERS[name];
  if (scheduler.export === undefined) throw new Error(`there is no export for ${name}`);
  const problems: Problem[] = [];
  const good = rules.filter((rule) => {
    const refusal = refusalOf(() => scheduler.export?.(content, [rule], options));
    problems.push(...refusal);
    return refusal.length === 0;
  });
  if (good.length === 0 && problems.length > 0) throw new ProblemError('RULE_INVALID', problems);
  return { ...scheduler.export(content, good, options), problems };
}

/** Why a rule cannot be expressed; empty where it can. */
function refusalOf(exportRule: () => unknown): readonly Problem[] {
  try {
    exportRule();
    return [];
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'RULE_INVALID') return error.problems;
    throw error;
  }
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
    const exported: PartlyExported =
      format === 'pipelines'
        ? exportPipelines(content, engine, rules)
        : exportRules({ format, root: content, namespace, indices, rules });
    const { text, data, problems = [] } = exported;
    if (problems.length > 0) {
      context.note(escapeForTerminal(new ProblemError('RULE_INVALID', problems).message));
      context.note('The rules above are not in the export.');
    }
    return Promise.resolve({ json: data, text, exit: problems.length > 0 ? 1 : 0 });
  },
});
