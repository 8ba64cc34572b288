import { request } from '../support/request';
import { at, testServer, STREAMS, type TestServer } from '../support/test-server';
import * as event from '../support/windows-events';
import { SECURITY, SECURITY_DATA, SYSMON, SYSMON_DATA } from '../support/windows-events';

/* What cannot be understood is indexed all the same: whole, marked, and with the reason. */
let node: TestServer;

beforeAll(async () => {
  node = await testServer();
});

function failure(document: unknown) {
  return {
    kind: at(document, 'event.kind'),
    original: at(document, 'event.original'),
    error: at(document, 'error.message'),
    tags: at(document, 'tags'),
  };
}
const TAGS = ['wmi_detections_pipeline_error'];

test('pipelines on what they cannot read: keep a text of no known shape', async () => {
  const document = await node.index('sysmon', { message: 'Mar 10 09:14:31 ws07 sshd: hello' });
  expect(failure(document)).toEqual({
    kind: 'pipeline_error',
    original: 'Mar 10 09:14:31 ws07 sshd: hello',
    error: 'recognise: no known shape of a Windows event',
    tags: TAGS,
  });
  expect(document['@timestamp']).toBe(at(document, 'event.ingested'));
});

test('pipelines on what they cannot read: keep a document of no known shape as its own JSON', async () => {
  const sent = { '@timestamp': '2025-03-10T09:00:00Z', a: { b: ['x"\\', 1, 1.5, true, null] }, tags: 'mine' };
  const document = await node.index('security', sent);
  expect(JSON.parse(String(at(document, 'event.original')))).toEqual(sent);
  expect(document['@timestamp']).toBe('2025-03-10T09:00:00Z');
  expect(document.tags).toEqual(['mine', ...TAGS]);
  expect(document).not.toHaveProperty('a');
});

test.each([
  ['{"EventID": 1, ', 'recognise: no known shape of a Windows event; message begins like JSON and is none'],
  ['{"a":1,"a":2}', 'recognise: no known shape of a Windows event; message begins like JSON and is none'],
  ['\n {"EventID": 1, ', 'recognise: no known shape of a Windows event; message begins like JSON and is none'],
  ['x {"EventID": 1}', 'recognise: no known shape of a Windows event'],
  ['\uFEFF ', 'recognise: no known shape of a Windows event'],
  ['[1,2]', 'recognise: no known shape of a Windows event'],
  ['<Event>', 'recognise: no known shape of a Windows event'],
])('pipelines on what they cannot read: keep the message %s', async (message, error) => {
  expect(failure(await node.index('sysmon', { message }))).toEqual({
    kind: 'pipeline_error',
    original: message,
    error,
    tags: TAGS,
  });
});

test('pipelines on what they cannot read: keep what is not an FDR record', async () => {
  expect(failure(await node.index('crowdstrike', { message: 'hello' }))).toMatchObject({
    original: 'hello',
    error: 'process-rollup2: no FDR record (event_simpleName is missing)',
  });
});

test('pipelines on what they cannot read: map event XML that is cut off as far as it goes, so that the rules see it', async () => {
  const whole = event.xml(SECURITY, SECURITY_DATA);
  const message = whole.slice(0, whole.indexOf("<Data Name='MandatoryLabel'"));
  const document = await node.index('security', { message, tags: ['mine'], error: { message: 'the shipper’s' } });
  expect(failure(document)).toEqual({
    kind: 'pipeline_error',
    original: message,
    error: 'recognise: the event XML ends before </Event>; mapped as far as it goes',
    tags: ['mine', ...TAGS],
  });
  expect(at(document, 'winlog.event_data.error')).toBe('{"message":"the shipper’s"}');
  expect(at(document, 'event.category')).toEqual(['process']);
  expect(at(document, 'process.parent.name')).toBe('WmiPrvSE.exe');
});

test('pipelines on what they cannot read: keep a number that no script can hold', async () => {
  const sent = `{"EventID":1,"Channel":"x","big":123456789012345678901234567890,"process":"x","host":[]}`;
  const document = await node.index('sysmon', sent);
  expect(failure(document)).toMatchObject({ kind: 'pipeline_error', tags: TAGS });
  expect(at(document, 'event.original')).toContain('"big":123456789012345678901234567890');
  expect(at(document, 'error.message')).toContain('BigInteger');
});

describe('pipelines on what they cannot read: the user’s own pipeline', () => {
  const id = `${STREAMS.unrecognised}@custom`;
  const path = `/_ingest/pipeline/${encodeURIComponent(id)}`;
  const put = (processors: unknown[]) => request(node.cluster, { method: 'PUT', path, body: { processors } });
  const sent = event.winlogbeat(SYSMON, SYSMON_DATA);

  afterEach(() => request(node.cluster, { method: 'DELETE', path, allow: [404] }));

  test('is called', async () => {
    await put([{ set: { field: 'labels.team', value: 'blue' } }]);
    expect(at(await node.index('unrecognised', sent), 'labels.team')).toBe('blue');
  });

  test('that fails does not lose the event', async () => {
    await put([{ fail: { message: 'mine' } }]);
    expect(at(await node.index('unrecognised', sent), 'process.pid')).toBe(7312);
  });
});
