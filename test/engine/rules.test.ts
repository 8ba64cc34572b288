import { readFieldTypes } from '../../src/sigma/field-types';
import { readRules } from '../../src/detections/read-rules';
import type { Rule } from '../../src/detections/rule';
import { indexEcs, matchesOf } from '../support/ecs-index';
import { testCluster } from '../support/cluster';

/**
 * Each condition of both detections, on a real engine and our mappings: an event that alerts, and its twin that differs
 * in one point and does not. The events are ECS, as our pipelines leave them.
 */

const WMIC = 'C:\\Windows\\System32\\wbem\\WMIC.exe';
const rules = readRules('rules', readFieldTypes('.'));

function rule(name: string): Rule {
  const found = rules.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`rules/ has no ${name}`);
  return found;
}

interface Process {
  readonly name?: string | string[] | undefined;
  readonly pe?: { readonly original_file_name: string } | undefined;
  readonly command_line?: string | undefined;
  readonly parent?: { readonly name?: string | undefined } | undefined;
}

function event(process: Process, rest: object = {}): object {
  return {
    '@timestamp': '2026-03-04T10:00:00.000Z',
    event: { category: ['process'], type: ['start'], code: '1' },
    host: { name: 'ws-17.corp.example' },
    user: { name: 'eve' },
    process: { pid: 4711, executable: WMIC, ...process },
    ...rest,
  };
}

/** A start of wmic.exe with this command line. */
const wmic = (command_line: string | undefined): object =>
  event({ name: 'WMIC.exe', pe: { original_file_name: 'wmic.exe' }, command_line });
const LINE = 'wmic /node:srv-2 process call create "calc.exe" ';

async function matches(name: string, documents: Readonly<Record<string, object>>): Promise<string[]> {
  const cluster = await testCluster();
  const index = `rules-${rule(name).slug}`;
  await indexEcs(cluster, index, documents);
  return matchesOf(cluster, index, rule(name));
}

describe('rule: Windows WMI Process Call Create', () => {
  const NAME = 'Windows WMI Process Call Create';

  test('knows wmic.exe by its name or by the name it was built under, in any case', async () => {
    const documents = {
      'both names': wmic(LINE),
      'name only': event({ name: 'wmic.exe', command_line: LINE }),
      'name in capitals': event({ name: 'WMIC.EXE', command_line: LINE }),
      'renamed: original name only': event({
        name: 'svc.exe',
        pe: { original_file_name: 'wmic.exe' },
        command_line: LINE,
      }),
      'renamed: original name in mixed case': event({
        name: 'a',
        pe: { original_file_name: 'WmiC.exe' },
        command_line: LINE,
      }),
      'twin: renamed, original name unknown': event({ name: 'svc.exe', command_line: LINE }),
      'twin: cmd.exe that merely mentions wmic': event({
        name: 'cmd.exe',
        pe: { original_file_name: 'Cmd.Exe' },
        command_line: `cmd.exe /c "${LINE}"`,
      }),
      'twin: a longer name': event({ name: 'wmic.exe.bak', command_line: LINE }),
      'twin: a shorter name': event({ name: 'wmic', command_line: LINE }),
      'twin: a name with the whole path': event({ name: WMIC, command_line: LINE }),
      'twin: a capital I with a dot is no i': event({ name: 'WMİC.exe', command_line: LINE }),
    };
    expect(await matches(NAME, documents)).toEqual(
      Object.keys(documents)
        .filter((name) => !name.startsWith('twin'))
        .sort(),
    );
  });

  test.each([
    ['process', 'wmic process call create x', 'wmic proces call create x'],
    ['call', 'wmic process call create x', 'wmic process cal create x'],
    ['create', 'wmic process call create x', 'wmic process call creat x'],
    ['a blank before process', 'wmic process call create x', 'wmic\tprocess call create x'],
    ['a blank after process', 'wmic process call create x', 'wmic process. call create x'],
    ['a blank after create', 'wmic process call create ', 'wmic process call create'],
    ['a blank after create, no quote', 'wmic process call create "x"', 'wmic process call create"x"'],
    ['a method named create', 'wmic process call create x', 'wmic process where name="notepad.exe" delete'],
    [
      'a whole word',
      'wmic process call create x',
      'wmic /namespace:\\\\root\\default class StdRegProv Call CreateKey x',
    ],
    ['blanks, not other white space', 'wmic process call create x', 'wmic process call\u00a0create x'],
  ])('does not match without %s', async (_, positive, twin) => {
    expect(await matches(NAME, { positive: wmic(positive), twin: wmic(twin) })).toEqual(['positive']);
  });

  test.each([
    ['capitals', 'WMIC PROCESS CALL CREATE X'],
    ['mixed case', 'wmic PrOcEsS cAlL cReAtE x'],
    ['double blanks', 'wmic  process  call  create  x'],
    ['another order', 'x create y call z process w'],
    ['text before and after', `"${WMIC}" /node:"srv-1" process call create "cmd.exe /c whoami > C:\\*?.txt"`],
    ['32,767 characters of three bytes, the words at the very end', `${'語'.repeat(32_745)} process call create x`],
  ])('does not mind %s', async (_, line) => {
    expect(await matches(NAME, { positive: wmic(line), twin: wmic(line.replace(/call/i, 'cull')) })).toEqual([
      'positive',
    ]);
  });

  test('does not need parent, user, host or process id', async () => {
    const bare = {
      event: { category: ['process'], type: ['start'] },
      process: { name: 'wmic.exe', command_line: LINE },
    };
    const twin = { ...bare, process: { name: 'wmic.exe' } };
    expect(await matches(NAME, { bare, 'twin: no command line': twin })).toEqual(['bare']);
  });

  test('looks at starts of processes only', async () => {
    const process = { name: 'wmic.exe', command_line: LINE };
    const documents = {
      start: { event: { category: ['process'], type: ['start'] }, process },
      'start among other types': { event: { category: ['process', 'host'], type: ['info', 'start'] }, process },
      'twin: end': { event: { category: ['process'], type: ['end'] }, process },
      'twin: network': { event: { category: ['network'], type: ['start'] }, process },
      'twin: no category': { event: { type: ['start'] }, process },
    };
    expect(await matches(NAME, documents)).toEqual(['start', 'start among other types']);
  });
});

describe('rule: Process Execution via WMI', () => {
  const NAME = 'Process Execution via WMI';

  test('knows WmiPrvSE.exe by the name of the parent, in any case', async () => {
    const child = (name: string | undefined): object => event({ name: 'cmd.exe', parent: { name } });
    const documents = {
      'as it is on disk': child('WmiPrvSE.exe'),
      'small letters': child('wmiprvse.exe'),
      capitals: child('WMIPRVSE.EXE'),
      'twin: a longer name': child('WmiPrvSE.exe.mui'),
      'twin: without its ending': child('WmiPrvSE'),
      'twin: dotless i': child('WmıPrvSE.exe'),
      'twin: parent without a name': child(undefined),
      'twin: no parent': event({ name: 'cmd.exe' }),
      'twin: as child, not parent': event({ name: 'WmiPrvSE.exe', parent: { name: 'svchost.exe' } }),
    };
    expect(await matches(NAME, documents)).toEqual(['as it is on disk', 'capitals', 'small letters']);
  });

  test('does not need a command line, user or host', async () => {
    const bare = { event: { category: ['process'], type: ['start'] }, process: { parent: { name: 'WmiPrvSE.exe' } } };
    const twin = { ...bare, event: { category: ['process'], type: ['end'] } };
    expect(await matches(NAME, { bare, twin })).toEqual(['bare']);
  });
});
