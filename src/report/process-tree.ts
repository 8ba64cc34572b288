import { textAt, type JsonRecord } from '../json';
import type { ProcessRelatives } from '../alerts/process-relatives';
import type { ProcessNode } from './process-node';

/**
 * A process among its parent and what it started. Of a parent whose creation nobody saw, the process itself says something.
 * @param process `_source` of the creation of the process, or its alert
 * @returns the process below its parent; alone where nothing is known of one
 */
export function processTree(process: JsonRecord, { parent, children }: Partial<ProcessRelatives> = {}): ProcessNode[] {
  const self = {
    ...node(process, 'process'),
    alerted: true,
    children: (children ?? []).map(({ _source = {}, by }) => ({ ...node(_source, 'process'), by })),
  };
  const above =
    parent == null ? node(process, 'process.parent') : { ...node(parent._source ?? {}, 'process'), by: parent.by };
  return above.name === '' && above.commandLine === null ? [self] : [{ ...above, children: [self] }];
}

/** @param field where the process stands in the event: `process`, or `process.parent`, of which no user and time is known */
function node(event: JsonRecord, field: 'process' | 'process.parent'): ProcessNode {
  const own = field === 'process';
  const pid = Number(textAt(event, `${field}.pid`) ?? NaN);
  return {
    name: textAt(event, `${field}.name`) ?? textAt(event, `${field}.executable`) ?? '',
    pid: Number.isNaN(pid) ? null : pid,
    commandLine: textAt(event, `${field}.command_line`),
    user: own ? (textAt(event, 'user.name') ?? textAt(event, 'user.id')) : null,
    start: own ? (textAt(event, 'event.start') ?? textAt(event, '@timestamp')) : null,
    alerted: false,
    by: null,
    children: [],
  };
}
