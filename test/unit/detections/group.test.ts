import { groupValue } from '../../../src/detections/group';

test.each([
  ['nested', { process: { name: 'a.exe' } }],
  ['dotted', { 'process.name': 'a.exe' }],
  ['a list of one', { process: { name: ['a.exe'] } }],
])('group values: a value is found when it is %s', (_, document) => {
  expect(groupValue(document, 'process.name')).toBe('a.exe');
});

test('group values: a value is found when its path is nested in part and dotted in part', () => {
  expect(groupValue({ process: { 'parent.name': 'a' } }, 'process.parent.name')).toBe('a');
  expect(groupValue({ 'process.parent': { name: 'a' } }, 'process.parent.name')).toBe('a');
});

test('group values: several values are one: each once, sorted by code unit, joined', () => {
  expect(groupValue({ user: { name: ['eve', 'Bob', 'adam', 'eve'] } }, 'user.name')).toBe('Bob, adam, eve');
  expect(groupValue({ process: [{ name: 'b' }, { name: 'a' }] }, 'process.name')).toBe('a, b');
});

test('group values: numbers and booleans are their text', () => {
  expect(groupValue({ process: { pid: 4711 } }, 'process.pid')).toBe('4711');
  expect(groupValue({ process: { pid: 0 } }, 'process.pid')).toBe('0');
});

test.each([
  [{}],
  [{ process: null }],
  [{ process: { name: null } }],
  [{ process: { name: '' } }],
  [{ process: { name: [] } }],
  [{ process: { name: { x: 1 } } }],
  [{ process: 'text' }],
  [null],
])('group values: there is no value in %j', (document) => {
  expect(groupValue(document, 'process.name')).toBeNull();
});

test('group values: the identifier of host and user stands in for a name, and only there', () => {
  expect(groupValue({ host: { id: 'aid-1' } }, 'host.name')).toBe('aid-1');
  expect(groupValue({ host: { id: 'aid-1', name: 'ws-1' } }, 'host.name')).toBe('ws-1');
  expect(groupValue({ user: { id: 'S-1-5-18', name: '' } }, 'user.name')).toBe('S-1-5-18');
  expect(groupValue({ user: { name: 'eve' } }, 'user.id')).toBeNull();
});

test('group values: an inherited property is not a field', () => {
  expect(groupValue({}, 'constructor.name')).toBeNull();
});
