import { renderMessage, riskObjects } from '../../../src/detections/message';
import { readRules } from '../../../src/detections/read-rules';

const [viaWmi, callCreate] = readRules('rules');
if (viaWmi === undefined || callCreate === undefined) throw new Error('rules/ holds two rules');

const EVENT = {
  host: { name: 'ws-17', id: 'aid' },
  user: { name: 'WS-17$', id: 'S-1-5-20' },
  process: { command_line: 'wmic process call create $dest$ ', parent: { name: 'WmiPrvSE.exe' } },
};

test("alert message: a message holds the event's values, taken as they are", () => {
  expect(renderMessage(callCreate, EVENT)).toBe(
    'process with wmic process call create $dest$  commandline executed in ws-17',
  );
  expect(renderMessage(viaWmi, EVENT)).toBe(
    'A remote instance execution of wmic.exe that will spawn WmiPrvSE.exe in host ws-17',
  );
});

test('alert message: a missing value is null in the message, as in Splunk', () => {
  expect(renderMessage(callCreate, {})).toBe('process with null commandline executed in null');
});

test('alert message: user and host carry the risk, as victims', () => {
  expect(riskObjects(callCreate, EVENT)).toEqual([
    { field: 'user.name', type: 'user', value: 'WS-17$', roles: ['Victim'], score: 25 },
    { field: 'host.name', type: 'host', value: 'ws-17', roles: ['Victim'], score: 25 },
  ]);
});

test.each([
  ['the target user by name', { name: 'eve', id: 'S-1-5-21-1' }, 'user.effective.name', 'eve'],
  ['the target user by identifier', { id: 'S-1-5-21-1' }, 'user.effective.id', 'S-1-5-21-1'],
  ['the acting user when there is no other', {}, 'user.name', 'WS-17$'],
])('alert message: the risk of a user is that of %s', (_, effective, field, value) => {
  const [user] = riskObjects(viaWmi, { ...EVENT, user: { ...EVENT.user, effective } });
  expect(user).toMatchObject({ field, value, score: 49 });
});

test('alert message: an identifier carries the risk where there is no name, and nobody where there is neither', () => {
  expect(riskObjects(viaWmi, { host: { id: 'aid' } })).toEqual([
    { field: 'host.id', type: 'host', value: 'aid', roles: ['Victim'], score: 49 },
  ]);
});
