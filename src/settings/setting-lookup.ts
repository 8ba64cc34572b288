import type { Place } from '../errors';
import type { Layer } from './layers';
import type { Product, WrittenKey } from './shape';

/** A key that is set, its value and where that stands. */
export interface Found {
  readonly key: WrittenKey;
  readonly value: unknown;
  readonly where: Place;
  /** The layer it stands in; 0 wins over 1. */
  readonly level: number;
}

/** What the layers say of one product; of each key the first layer that says it counts. */
export interface SettingLookup {
  readonly product: Product;
  readonly find: (key: WrittenKey) => Found | undefined;
  readonly text: (key: WrittenKey) => string | undefined;
}

/** @param layers the first wins */
export function settingLookup(product: Product, layers: readonly Layer[]): SettingLookup {
  const find = (key: WrittenKey): Found | undefined => {
    for (const [level, { written, placeOf }] of layers.entries()) {
      const value: unknown = (written[product] as Partial<Record<WrittenKey, unknown>> | undefined)?.[key];
      if (value !== undefined) return { key, value, where: placeOf([product, key]), level };
    }
    return undefined;
  };
  const text = (key: WrittenKey): string | undefined => {
    const value = find(key)?.value;
    return typeof value === 'string' ? value : undefined;
  };
  return { product, find, text };
}
