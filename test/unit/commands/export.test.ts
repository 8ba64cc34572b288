import type { Exported } from '../../../src/schedulers/scheduler';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { exportCommand, exportPipelines, exportRules, type ExportOptions } from '../../../src/commands/export';
import { PROGRAM_FOLDER } from '../../../src/program';
import { ownerOf } from '../../../src/schedulers/opensearch-alerting/monitor-ownership';
import { readRules } from '../../../src/detections/read-rules';
import { quiet } from '../../support/context';
import { project } from '../../support/temporary-folders';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const rules = readRules(join(PROGRAM_FOLDER, 'rules'));

function exported(format: ExportOptions['format'], options: Partial<ExportOptions> = {}): Exported {
  return exportRules({ format, root: PROGRAM_FOLDER, namespace: 'default', now: NOW, ...options });
}

describe('export: pipelines', () => {
  const pipeline = 'process_creation@event-pipeline';

  test('a script stands where its file is named, with its helpers in front', () => {
    const { data } = exportPipelines(PROGRAM_FOLDER, 'elasticsearch', [pipeline]);
    expect(Object.keys(data as object)).toEqual([pipeline]);
    expect(JSON.stringify(data)).toMatch(
      /boolean absent\(def v\).*String instant\(def v, def zone\).*Map documentOf\(/,
    );
  });

  test('what the products write differently is translated', () => {
    const optional = (product: 'elasticsearch' | 'opensearch') =>
      JSON.stringify(exportPipelines(PROGRAM_FOLDER, product).data).includes('ignore_missing_pipeline');
    expect([optional('elasticsearch'), optional('opensearch')]).toEqual([true, false]);
  });

  test('a pipeline that is not there is an error', () => {
    expect(() => exportPipelines(PROGRAM_FOLDER, 'opensearch', ['x'])).toThrow('there is no pipeline "x"');
  });

  test('no line of a pipeline or script is longer than 120 characters', () => {
    const folder = join(PROGRAM_FOLDER, 'pipelines');
    const long = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(yml|painless)$/.test(name))
      .flatMap((name) =>
        readFileSync(join(folder, name), 'utf8')
          .split('\n')
          .map((line, index) => ({ name, index, line })),
      )
      .filter(({ line }) => line.length > 120);
    expect(long).toEqual([]);
  });
});

describe('export: rules that cannot be expressed', () => {
  const BAD = 'process_execution_via_wmi';
  const withBad = (): string => {
    const content = project();
    content.edit(`rules/${BAD}.yml`, 'process.parent.name: WmiPrvSE.exe', "process.parent.name: '{{x}}'");
    return content.folder;
  };

  test('are reported, and the others are exported', async () => {
    const notes: string[] = [];
    const context = { ...quiet(), note: (line: string) => notes.push(line) };
    const argv = { content: withBad(), format: 'opensearch-alerting', rules: [], output: 'text' };
    const { text, exit } = await exportCommand.run(context, argv);
    const names = text.split('\n').map((line) => (JSON.parse(line) as { name: string }).name);
    expect(names).toEqual(['wmi-detections/Windows WMI Process Call Create']);
    expect(exit).toBe(1);
    expect(notes.join('\n')).toMatch(
      /“Process Execution via WMI” .* looks for \{\{.*rules above are not in the export\.$/s,
    );
  });

  test('end an export with nothing else in it', () => {
    const root = withBad();
    expect(() => exported('opensearch-alerting', { root, rules: [BAD] })).toThrow(/looks for \{\{/);
  });
});

test('export: a trigger of OpenSearch Alerting has its id before its condition, which the plugin reads with it', () => {
  for (const line of exported('opensearch-alerting').text.split('\n')) {
    const { triggers } = JSON.parse(line) as { triggers: { bucket_level_trigger: object }[] };
    const keys = Object.keys(triggers[0]?.bucket_level_trigger ?? {});
    expect(keys.indexOf('id')).toBe(0);
    expect(keys).toContain('condition');
  }
});

describe('export: navigator', () => {
  test('the layer has a cell for each technique and tactic, with the highest risk and the names of the rules', () => {
    expect(JSON.parse(exported('navigator').text)).toMatchObject({
      versions: { layer: '4.5' },
      domain: 'enterprise-attack',
      techniques: [
        {
          techniqueID: 'T1047',
          tactic: 'execution',
          score: 49,
          comment: 'Process Execution via WMI, Windows WMI Process Call Create',
        },
      ],
    });
  });

  test('only the rules that were asked for count', () => {
    const { data } = exported('navigator', { rules: ['windows_wmi_process_call_create'] });
    expect(data).toMatchObject({ techniques: [{ score: 25, comment: 'Windows WMI Process Call Create' }] });
  });

  test('a sub-technique is a cell of its own, under each tactic that is tagged', () => {
    const ours = project();
    try {
      ours.edit(
        'rules/process_execution_via_wmi.yml',
        '  - attack.t1047',
        '  - attack.t1047\n  - attack.t1546.003\n  - attack.persistence\n  - attack.privilege-escalation',
      );
      const { data } = exported('navigator', { root: ours.folder });
      const cells = (data as { techniques: { techniqueID: string; tactic: string; score: number }[] }).techniques;
      expect(cells.map(({ techniqueID, tactic, score }) => `${techniqueID} ${tactic} ${score}`)).toEqual([
        'T1047 execution 49',
        'T1546.003 persistence 49',
        'T1546.003 privilege-escalation 49',
      ]);
    } finally {
      ours.remove();
    }
  });
});

describe('export: sigma', () => {
  test('the rule files as they are, one document each', () => {
    const { text } = exported('sigma');
    expect(parseAllDocuments(text).map((document) => document.get('id'))).toEqual(rules.map(({ uuid }) => uuid));
    for (const { slug } of rules) {
      expect(text).toContain(readFileSync(join(PROGRAM_FOLDER, 'rules', `${slug}.yml`), 'utf8').trimEnd());
    }
  });
});

describe('export: kibana', () => {
  const lines = (text: string): Record<string, unknown>[] =>
    text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

  test('a rule a line, and last a line that counts them', () => {
    const all = lines(exported('kibana').text);
    expect(all.slice(0, -1)).toMatchObject(
      rules.map(({ uuid, name, risk }) => ({
        rule_id: uuid,
        name,
        type: 'eql',
        risk_score: risk.score,
        enabled: true,
      })),
    );
    expect(all.at(-1)).toMatchObject({ exported_count: 2, exported_rules_count: 2, missing_rules: [] });
  });

  test('a rule whose file says so is disabled, and has the actions of its file', () => {
    const ours = project();
    try {
      const mail = { action_type_id: '.email', id: 'mail', params: { message: 'Look.' } };
      const kibana = `  kibana: ${JSON.stringify({ enabled: false, actions: [mail] })}\n`;
      ours.edit('rules/process_execution_via_wmi.yml', '  schedule:\n', `${kibana}  schedule:\n`);
      const [one, other] = lines(exported('kibana', { root: ours.folder }).text);
      expect(one).toMatchObject({ enabled: false, actions: [mail] });
      expect(other).toMatchObject({ enabled: true });
    } finally {
      ours.remove();
    }
  });

  test('the same content gives the same bytes', () => {
    expect(exported('kibana').text).toBe(exported('kibana').text);
    const keys = Object.keys(lines(exported('kibana').text)[0] ?? {});
    expect(keys).toEqual([...keys].sort());
  });

  test('another namespace gives other ids and names, so that both can be imported', () => {
    const [one] = lines(exported('kibana', { namespace: 'lab' }).text);
    expect(one?.rule_id).not.toBe(rules[0]?.uuid);
    expect(one?.name).toBe(`${rules[0]?.name ?? ''} [lab]`);
  });

  test('an exception that is switched on becomes part of the query, because a file can hold no list; one that is off does not', () => {
    const ours = project();
    const query = (): unknown => lines(exported('kibana', { root: ours.folder }).text)[0]?.query;
    try {
      const before = query();
      expect(before).not.toMatch(/dismhost/i);
      ours.edit('rules/exceptions/process_execution_via_wmi.yml', 'enabled: false', 'enabled: true');
      expect(query()).toMatch(/dismhost/i);
    } finally {
      ours.remove();
    }
  });
});

describe('export: opensearch-alerting', () => {
  const monitors = (options: Partial<ExportOptions> = {}) =>
    exported('opensearch-alerting', options)
      .text.split('\n')
      .map((line) => JSON.parse(line) as { name: string; inputs: unknown; triggers: unknown });

  test('a line a monitor, under the name and the trigger by which a deploy finds it again; the same bytes twice', () => {
    expect(exported('opensearch-alerting').text).toBe(exported('opensearch-alerting').text);
    expect(monitors().map(({ name }) => name)).toEqual(rules.map(({ name }) => `wmi-detections/${name}`));
    expect(monitors({ namespace: 'lab' }).map(({ name }) => name)).toEqual(
      rules.map(({ name }) => `wmi-detections/${name} [lab]`),
    );
    expect(monitors().map(ownerOf)).toEqual(rules.map(({ uuid: id }) => ({ id, namespace: 'default' })));
  });

  test('an exception that is switched on becomes part of the search; one that is off does not', () => {
    const ours = project();
    const inputs = (): string => JSON.stringify(monitors({ root: ours.folder })[0]?.inputs);
    try {
      expect(inputs()).not.toMatch(/dismhost/i);
      ours.edit('rules/exceptions/process_execution_via_wmi.yml', 'enabled: false', 'enabled: true');
      expect(inputs()).toMatch(/dismhost/i);
    } finally {
      ours.remove();
    }
  });
});

test('export: the command prints the form itself as text, and its data as JSON', async () => {
  const { text, json, exit } = await exportCommand.run(quiet(), { format: 'navigator', rules: [], output: 'text' });
  expect(exit).toBe(0);
  expect(JSON.parse(text)).toEqual(json);
});
