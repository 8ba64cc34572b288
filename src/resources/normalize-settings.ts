import { isRecord } from '../json';
import type { Body } from './kind';

/**
 * Index settings in one form: flat keys that begin with `index.`, values as strings, as every server gives them back
 * whatever way they were written.
 */
export function flatSettings(settings: unknown): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const walk = (value: unknown, key: string): void => {
    if (isRecord(value)) {
      for (const [step, member] of Object.entries(value)) walk(member, key === '' ? step : `${key}.${step}`);
    } else if (value !== null && value !== undefined) {
      flat[key.startsWith('index.') ? key : `index.${key}`] = Array.isArray(value)
        ? value.map(String)
        : scalarText(value);
    }
  };
  walk(settings, '');
  return flat;
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A `template` block (settings, mappings, aliases, lifecycle) with its settings in one form; empty parts are left out. */
export function normalizeTemplate(template: unknown): Body {
  if (!isRecord(template)) return {};
  const settings = flatSettings(template.settings);
  const parts = Object.entries(template).filter(
    ([key, part]) => key !== 'settings' && !(isRecord(part) && Object.keys(part).length === 0),
  );
  return { ...Object.fromEntries(parts), ...(Object.keys(settings).length > 0 && { settings }) };
}
