import { demo } from '../../../src/commands/demo';
import { init } from '../../../src/commands/init';
import { quiet } from '../../support/context';
import { fakeCluster, type FakeCluster } from '../../support/fake-cluster';
import { settingsFolder } from '../../support/temporary-folders';

// What the demo does from end to end is tested on an engine; here, that it speaks to that engine and to nobody else.
const { path, written } = settingsFolder();
const HERE = process.cwd();
let engine: FakeCluster;

beforeEach(async () => {
  process.chdir(path());
  engine = await fakeCluster(undefined, ({ path: asked }) =>
    asked === '/' ? {} : { status: 400, body: { error: asked } },
  );
});
afterEach(async () => {
  process.chdir(HERE);
  await engine.close();
});

/** The headers of the first request that the demo makes of its engine, which answers nothing but who it is. */
async function greeting(): Promise<unknown> {
  await expect(demo(quiet(), engine.url)).rejects.toMatchObject({ code: 'REFUSED' });
  return engine.arrived[0]?.headers;
}

test('demo: ignores any settings file, even the one that `init` wrote here', async () => {
  const key = { WMI_DETECTIONS_ES_API_KEY: 'c2VjcmV0OmtleQ==' };
  await init('wmi-detections.yml', { esUrl: 'http://127.0.0.1:1' }, key, { force: false });
  expect(await greeting()).not.toHaveProperty('authorization');
});

test('demo: ignores the credentials of a settings file', async () => {
  written('elasticsearch: {url: "https://cluster.example:9200", username: ines, password: hunter2}\n');
  expect(await greeting()).not.toHaveProperty('authorization');
});
