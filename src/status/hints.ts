/** Why a field is missing, where the source is known for it, and what helps. */
interface Hint {
  /** Of the source's name. */
  readonly source: RegExp;
  readonly field: string;
  readonly text: string;
}

const HINTS: readonly Hint[] = [
  {
    source: /security|winlogbeat/,
    field: 'process.command_line',
    text: 'Process auditing records none unless told to: turn on "Include command line in process creation events" (docs/shippers.md).',
  },
  {
    source: /security|winlogbeat/,
    field: 'process.parent.name',
    text: 'Windows before 10 and Server 2016 writes no parent name into event 4688; Sysmon does on all versions (docs/shippers.md).',
  },
  {
    source: /crowdstrike/,
    field: 'process.parent.name',
    text: 'It is ParentBaseFileName, which not every record of FDR carries.',
  },
];

/** What is known about a field that a source lacks; empty where nothing is. */
export function hintsFor(source: string, field: string): string[] {
  return HINTS.filter((hint) => hint.field === field && hint.source.test(source)).map(({ text }) => text);
}
