import { isRecord } from '../json';
import type { Body } from './kind';

/** The pairs of id and body in `{"<kind>s": [{"name": …, "<kind>": {…}}]}`, the form in which templates are listed. */
export function listedTemplates(answer: Body, kind: 'component_template' | 'index_template'): [string, Body][] {
  const listed = answer[`${kind}s`];
  return (Array.isArray(listed) ? listed : []).flatMap((item: unknown): [string, Body][] => {
    const body = isRecord(item) ? item[kind] : undefined;
    return isRecord(item) && typeof item.name === 'string' && isRecord(body) ? [[item.name, body]] : [];
  });
}
