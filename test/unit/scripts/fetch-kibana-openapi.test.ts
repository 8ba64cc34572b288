import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fetchChecked } from '../../../scripts/fetch-kibana-openapi';
import { temporaryFolder } from '../../support/temporary-folders';
import { contractMode, findKibanaOpenapi } from '../../support/kibana-openapi';
import { listening, type Listening } from '../../support/listening';

const DOCUMENT = 'openapi: 3.0.3\n';
const expected = { sha256: createHash('sha256').update(DOCUMENT).digest('hex') };

describe('fetch-kibana-openapi', () => {
  const folder = temporaryFolder();
  let server: Listening;
  beforeAll(async () => {
    server = await listening(
      createServer(({ url }, response) => {
        if (url === '/moved.yaml') response.writeHead(302, { location: '/kibana.yaml' }).end();
        else if (url === '/kibana.yaml') response.end(DOCUMENT);
        else if (url === '/other.yaml') response.end(`${DOCUMENT}# changed\n`);
        else response.writeHead(404).end('no such file');
      }),
    );
  });
  afterAll(() => server.close());

  test.each(['/kibana.yaml', '/moved.yaml'])('writes the document that %s leads to', async (path) => {
    const file = join(folder, path, 'kibana.yaml');
    await fetchChecked(`${server.url}${path}`, file, expected);
    expect(readFileSync(file, 'utf8')).toBe(DOCUMENT);
  });

  test('refuses a document with another SHA-256 and leaves the file as it is', async () => {
    const file = join(folder, 'kept', 'kibana.yaml');
    mkdirSync(dirname(file));
    writeFileSync(file, 'before');
    await expect(fetchChecked(`${server.url}/other.yaml`, file, expected)).rejects.toThrow(
      /\/other\.yaml is not the expected document: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}\. Nothing was written\./,
    );
    expect(readFileSync(file, 'utf8')).toBe('before');
  });

  test('refuses an answer that is not 200 and writes nothing', async () => {
    const file = join(folder, 'none', 'kibana.yaml');
    await expect(fetchChecked(`${server.url}/missing.yaml`, file, expected)).rejects.toThrow(
      /\/missing\.yaml answered with status 404\. Nothing was written\./,
    );
    expect(existsSync(file)).toBe(false);
  });
});

describe('the Kibana contract', () => {
  const folder = temporaryFolder();
  const first = join(folder, 'first.yaml');
  const second = join(folder, 'second.yaml');
  const absent = join(folder, 'absent.yaml');
  beforeAll(() => {
    writeFileSync(first, DOCUMENT);
    writeFileSync(second, DOCUMENT);
  });

  test('is read from the first place that has it', () => {
    expect(findKibanaOpenapi({}, [absent, first, second])).toEqual({ file: first });
  });

  test('is read from KIBANA_OPENAPI where that is set', () => {
    expect(findKibanaOpenapi({ KIBANA_OPENAPI: second }, [first])).toEqual({ file: second });
  });

  test('is missing where KIBANA_OPENAPI names no file, whatever else is there', () => {
    expect(findKibanaOpenapi({ KIBANA_OPENAPI: absent }, [first])).toEqual({
      missing: `no Kibana OpenAPI document at ${absent}: see CONTRIBUTING.md`,
    });
  });

  test('is missing where no place has it, and all of them are named', () => {
    expect(findKibanaOpenapi({}, [absent, `${absent}2`])).toEqual({
      missing: `no Kibana OpenAPI document at ${absent} or ${absent}2: see CONTRIBUTING.md`,
    });
  });

  test('is tested when it is there, is skipped when it is not, and is a failure when it is required', () => {
    const missing = { missing: 'no document' };
    expect(contractMode({ REQUIRE_KIBANA_CONTRACT: '1' }, { file: first })).toBe('run');
    expect(contractMode({}, { file: first })).toBe('run');
    expect(contractMode({}, missing)).toBe('skip');
    expect(contractMode({ REQUIRE_KIBANA_CONTRACT: '0' }, missing)).toBe('skip');
    expect(contractMode({ REQUIRE_KIBANA_CONTRACT: '1' }, missing)).toBe('fail');
  });
});
