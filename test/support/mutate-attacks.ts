import * as fc from 'fast-check';
import { mutated, mutation, type Free, type Json } from './mutate';
import { windowsShapes } from './mutate-seeds';
import type { Source } from './test-server';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from './windows-events';

/*
 * Process starts made up at random around the two attacks, in every shape, of which it is known what they are: the verdict is
 * given on the data before it becomes an event, by the few lines of `verdict`, which share nothing with pipelines and rules.
 */
export interface Attack {
  readonly source: Source;
  readonly shape: string;
  /** The slugs of the rules that the seeds' own searches would have found it with. */
  readonly verdict: readonly string[];
  readonly document: Json;
}

interface Start {
  readonly image: string;
  readonly parent: string | undefined;
  readonly original: string | undefined;
  readonly line: string;
}

const letters = (word: string): fc.Arbitrary<string> =>
  fc.mixedCase(fc.constant(word), { toggleCase: (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()) });
const folder = fc.constantFrom(
  'C:\\Windows\\System32\\wbem\\',
  'C:/a b/',
  '\\\\fs01\\c$\\',
  '\\Device\\HarddiskVolume3\\',
  'C:\\é語\\',
);
const file = (...names: string[]): fc.Arbitrary<string> =>
  fc.tuple(folder, fc.oneof(...names.map(letters))).map((two) => two.join(''));
const word = fc.oneof(
  { arbitrary: fc.constantFrom('process', 'call', 'create').chain(letters), weight: 6 },
  {
    arbitrary: fc.constantFrom(
      'wmic',
      'processes',
      'recall',
      '/node:"FS 01"',
      '<Event>',
      '&amp;',
      "'a'",
      '語',
      ']]>',
      '--',
      '\\"',
      'x=y',
    ),
    weight: 2,
  },
);
const gap = fc.oneof(
  { arbitrary: fc.constantFrom(' ', '  '), weight: 12 },
  { arbitrary: fc.constantFrom('', '"', '\t'), weight: 1 },
);
const line = fc
  .tuple(
    fc.constantFrom('wmic', '"C:\\a b\\wmic.exe"', 'x'),
    fc.array(fc.tuple(gap, word), { maxLength: 8 }),
    fc.constantFrom('', ' calc.exe', '  x'),
  )
  .map(([first, rest, last]) => `${first}${rest.flat().join('')}${last}`);
const attack = fc
  .tuple(fc.shuffledSubarray(['process', 'call', 'create'], { minLength: 3 }), gap)
  .map(([words, g]) => `wmic ${words.join(' ')}${g}x`);

const start: fc.Arbitrary<Start> = fc.record({
  image: file('wmic.exe', 'renamed.exe', 'wmic.exe.exe', 'notwmic.exe'),
  parent: fc.option(file('WmiPrvSE.exe', 'cmd.exe', 'WmiPrvSE.exe.bak', 'xWmiPrvSE.exe'), { nil: undefined }),
  original: fc.option(fc.oneof(letters('wmic.exe'), fc.constantFrom('calc.exe', '-', '?')), { nil: undefined }),
  line: fc.oneof(line, attack),
});

/** By the letter of the two seeds: names without case and path, words with a blank on either side. */
function verdict({ image, parent, original, line: text }: Start): string[] {
  const name = (path = ''): string =>
    (path.split(/[\\/]/).pop() ?? '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const wmic = [name(image), name(original)].includes('wmic.exe');
  const words = [' process ', ' call ', ' create '].every((part) => text.toLowerCase().includes(part));
  return [
    ...(name(parent) === 'wmiprvse.exe' ? ['process_execution_via_wmi'] : []),
    ...(wmic && words ? ['windows_wmi_process_call_create'] : []),
  ];
}

function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function sysmon({ image, parent, original, line: text }: Start): Record<string, Json> {
  const data = defined({
    ...SYSMON_DATA,
    Image: image,
    ParentImage: parent,
    OriginalFileName: original,
    CommandLine: text,
  });
  return windowsShapes(SYSMON, data);
}

function security({ image, parent, line: text }: Start): Record<string, Json> {
  return windowsShapes(
    SECURITY,
    defined({ ...SECURITY_DATA, NewProcessName: image, ParentProcessName: parent, CommandLine: text }),
  );
}

function falcon({ image, parent, original, line: text }: Start): Record<string, Json> {
  const record = {
    event_simpleName: 'ProcessRollup2',
    event_platform: 'Win',
    aid: '5d1f0c7b2a6e4f38',
    timestamp: '1741598071719',
    RawProcessId: '5012',
    ...defined({
      ImageFileName: image,
      CommandLine: text,
      ParentBaseFileName: parent?.split(/[\\/]/).pop(),
      OriginalFilename: original,
    }),
  };
  return {
    fdr: record,
    'fdr in message': { message: JSON.stringify(record) },
    'fdr in event.original': { event: { original: JSON.stringify(record) } },
    'fdr below crowdstrike': { crowdstrike: record },
    'fdr nested as Panther does': { ...record, p_log_type: 'Crowdstrike.FDREvent', event: record },
    LogScale: Object.fromEntries(
      Object.entries(record).map(([name, value]) => [name === 'event_simpleName' ? `#${name}` : name, value]),
    ),
  };
}

/** Names by which a shape is known, and those that the rules read: what a mutation must leave alone for the verdict to stand. */
const READ = new Set(
  [
    'Image OriginalFileName CommandLine ParentImage NewProcessName ParentProcessName ImageFileName OriginalFilename ParentBaseFileName',
    'event_simpleName #event_simpleName event_platform winlog event_data event_id log_name source_name channel provider_name',
    'Event System EventData Provider Provider_attributes EventID Channel SourceName',
    // The names of other shippers: shipper-shapes.ts.
    'ProviderName StringInserts Version data win system eventdata providerName eventID image originalFileName commandLine parentImage',
    'newProcessName parentProcessName _Image _OriginalFileName _CommandLine _ParentImage _NewProcessName _ParentProcessName _EventID _Channel _SourceName',
    'body structured provider name event_id id source event_source win_eventlog Source Data_Image Data_OriginalFileName Data_CommandLine Data_ParentImage',
    'Data_NewProcessName Data_ParentProcessName records result _raw crowdstrike event original Type preview',
  ].flatMap((names) => names.split(' ')),
);

function freeIn(document: Json): Free {
  const original = document['event'] !== undefined && !('winlog' in document);
  // Text in `message` (or event.original) is the event where there is no other.
  const text = Object.keys(document).every((name) => name === 'message' || name === 'event');
  return (path) => {
    const [root, last] = [path[0] ?? '', path.at(-1) ?? ''];
    if (READ.has(last) || path.some((name) => name.startsWith('Provider'))) return false;
    return !(text && (root === 'message' || (original && root === 'event')));
  };
}

/** Random process starts in every shape, with mutations around what the rules read. */
export const attacks: fc.Arbitrary<Attack> = fc
  .tuple(
    start,
    fc.constantFrom('sysmon' as const, 'security' as const, 'crowdstrike' as const),
    fc.nat(),
    fc.array(mutation, { maxLength: 3 }),
  )
  .map(([one, source, number, mutations]) => {
    const shapes = Object.entries(
      source === 'sysmon' ? sysmon(one) : source === 'security' ? security(one) : falcon(one),
    );
    const [shape = '', document = {}] = shapes[number % shapes.length] ?? [];
    // 4688 does not know the original name; its rendered text ends lines with blanks of its own.
    const known: Start = {
      ...one,
      ...(source === 'security' && { original: undefined }),
      ...(shape === 'text' && { line: one.line.trim() }),
    };
    return { source, shape, verdict: verdict(known), document: mutated(document, mutations, freeIn(document)) };
  });
