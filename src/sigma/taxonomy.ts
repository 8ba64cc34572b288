import { nearest } from '../text/suggest';

/** Whose field names a rule uses: Sigma's own, as SigmaHQ writes them, or those of ECS. */
export type Taxonomy = 'sigma' | 'ecs';

/**
 * Where the value of a Sigma field is in an event:
 *
 *   text       one field holds the same text
 *   pe         the same, out of the file's version information: Sysmon writes `-` or `?` where a file has none, others write nothing
 *   path       a path; where an event has none, the name of the file may be known
 *   account    `DOMAIN\name`, in two fields
 *   hashes     `MD5=…,SHA256=…`, in a field for each kind
 *   integrity  one of the words of INTEGRITY_LEVELS
 *   number     a number, in the rule also as hexadecimal text
 */
export type SigmaField =
  | { readonly kind: 'text' | 'pe' | 'integrity' | 'number'; readonly field: string }
  | { readonly kind: 'path' | 'account'; readonly field: string; readonly second: string }
  | { readonly kind: 'hashes' };

const text = (field: string): SigmaField => ({ kind: 'text', field });
const pe = (field: string): SigmaField => ({ kind: 'pe', field });
const number = (field: string): SigmaField => ({ kind: 'number', field });

/**
 * The fields of process creations, Sigma → ECS (docs/sigma.md shows the same table).
 * Source: Sigma specification, taxonomy appendix 2.1, "Process Creation Events"; the names are those of Sysmon's event 1.
 */
export const SIGMA_FIELDS: ReadonlyMap<string, SigmaField> = new Map(
  Object.entries({
    Image: { kind: 'path', field: 'process.executable', second: 'process.name' },
    ParentImage: { kind: 'path', field: 'process.parent.executable', second: 'process.parent.name' },
    CommandLine: text('process.command_line'),
    ParentCommandLine: text('process.parent.command_line'),
    CurrentDirectory: text('process.working_directory'),
    OriginalFileName: pe('process.pe.original_file_name'),
    Company: pe('process.pe.company'),
    Description: pe('process.pe.description'),
    FileVersion: pe('process.pe.file_version'),
    Product: pe('process.pe.product'),
    User: { kind: 'account', field: 'user.name', second: 'user.domain' },
    ParentUser: { kind: 'account', field: 'process.parent.user.name', second: 'process.parent.user.domain' },
    Hashes: { kind: 'hashes' },
    imphash: text('process.pe.imphash'),
    md5: text('process.hash.md5'),
    sha1: text('process.hash.sha1'),
    sha256: text('process.hash.sha256'),
    IntegrityLevel: { kind: 'integrity', field: 'process.Ext.token.integrity_level_name' },
    LogonId: text('winlog.logon.id'),
    LogonGuid: text('winlog.logon.guid'),
    TerminalSessionId: text('winlog.logon.session_id'),
    ProcessId: number('process.pid'),
    ProcessGuid: text('process.entity_id'),
    ParentProcessId: number('process.parent.pid'),
    ParentProcessGuid: text('process.parent.entity_id'),
    RuleName: text('rule.name'),
    EventID: text('event.code'),
    Provider_Name: text('event.provider'),
    Channel: text('winlog.channel'),
    Computer: text('host.name'),
  } satisfies Record<string, SigmaField>),
);

/** Fields in which words are looked for that name no field: the texts of an event. */
export const KEYWORD_FIELDS: readonly string[] = [
  'process.command_line',
  'process.executable',
  'process.name',
  'process.parent.command_line',
  'process.parent.executable',
  'process.parent.name',
  'process.working_directory',
  'process.pe.original_file_name',
  'process.pe.company',
  'process.pe.description',
  'process.pe.file_version',
  'process.pe.product',
  'user.name',
  'user.domain',
];

/** Windows' mandatory levels: as Sysmon names them, and as numbers. Event 4688 has `S-1-16-<number>`, FDR the number alone. */
export const INTEGRITY_LEVELS: readonly (readonly [name: string, number: number])[] = [
  ['Untrusted', 0],
  ['Low', 4096],
  ['Medium', 8192],
  ['Medium Plus', 8448],
  ['High', 12288],
  ['System', 16384],
  ['Protected', 20480],
];

/** Fields that none of the sources has, and what would. */
const OUT_OF_REACH: ReadonlyMap<string, string> = new Map([
  ['GrandParentImage', 'It needs a source that records the parent of the parent, such as Aurora or another EDR.'],
  ['GrandParentCommandLine', 'It needs a source that records the parent of the parent, such as Aurora or another EDR.'],
  ['UtcTime', 'A rule looks at what an event says, not at when it happened; `run --from --to` takes a period.'],
  ['ParentIntegrityLevel', 'It needs an EDR: Sysmon, event 4688 and FDR have the level of the process alone.'],
  [
    'Signed',
    'It needs a source that checks signatures when a process starts; Sysmon does that for modules (event 7) alone.',
  ],
  [
    'Signature',
    'It needs a source that checks signatures when a process starts; Sysmon does that for modules (event 7) alone.',
  ],
  [
    'SignatureStatus',
    'It needs a source that checks signatures when a process starts; Sysmon does that for modules alone.',
  ],
  ['ParentOriginalFileName', 'It needs an EDR: Sysmon has the original name of the process alone.'],
  ['sha512', 'Sysmon writes MD5, SHA1, SHA256 and IMPHASH.'],
]);

/** Names of the same thing in the events themselves, or in other tools. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['NewProcessName', 'Image'],
  ['ProcessCommandLine', 'CommandLine'],
  ['ParentProcessName', 'ParentImage'],
  ['NewProcessId', 'ProcessId'],
  ['MandatoryLabel', 'IntegrityLevel'],
  ['SubjectLogonId', 'LogonId'],
  ['SubjectUserName', 'User'],
  ['ImageFileName', 'Image'],
  ['ParentBaseFileName', 'ParentImage'],
  ['OriginalFilename', 'OriginalFileName'],
  ['Imphash', 'imphash'],
  ['GrandparentImage', 'GrandParentImage'],
]);

/** Why a rule cannot use a field under the taxonomy `sigma`, and what to do about it. */
export function unknownField(field: string, isEcs: (name: string) => boolean): { message: string; hint: string } {
  const needed = OUT_OF_REACH.get(field);
  if (needed !== undefined) return { message: `no source has the field "${field}"`, hint: needed };
  if (field.includes('.') || isEcs(field)) {
    return {
      message: `"${field}" is the name of an ECS field, and the rule uses those of Sigma`,
      hint: 'Add `taxonomy: ecs` to the rule, or use the fields of Sigma (docs/sigma.md).',
    };
  }
  const meant = OTHER_NAMES.get(field) ?? nearest(field, [...SIGMA_FIELDS.keys()]);
  return {
    message: `there is no field "${field}" in Sigma's process creations`,
    hint: meant === undefined ? 'docs/sigma.md lists the fields that the sources have.' : `Did you mean "${meant}"?`,
  };
}
