import * as fc from 'fast-check';
import { canonicalJson, sha256 } from '../../src/json';

test('canonical JSON: two writings of the same JSON value have the same canonical text', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
  expect(canonicalJson(JSON.parse('{ "b": 1, "a": 2 }'))).toBe(canonicalJson({ a: 2, b: 1 }));
});

test('canonical JSON: canonical text is JSON of the same value, whatever the value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('canonical JSON: the digest is SHA-256 of the UTF-8 text', () => {
  expect(sha256('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
});
