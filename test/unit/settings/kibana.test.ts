import { readSettings } from '../../../src/settings';
import { settingsFolder } from '../../support/temporary-folders';

const { written, refused } = settingsFolder();

test('Kibana settings: the spaces are those of the flag, else of the file, else the default one, each once', () => {
  const config = written('kibana: {url: "http://kibana:5601", spaces: [default, soc]}\n');
  expect(readSettings({}, {}).kibana.spaces).toEqual(['default']);
  expect(readSettings({ config }, {}).kibana.spaces).toEqual(['default', 'soc']);
  expect(readSettings({ config, space: 'lab, soc,lab' }, {}).kibana).toMatchObject({
    url: 'http://kibana:5601',
    spaces: ['lab', 'soc'],
  });
  expect(readSettings({ config, space: ['lab', 'soc'] }, {}).kibana.spaces).toEqual(['lab', 'soc']);
});

test('Kibana settings: an invalid space id is refused with its place', () => {
  const config = written('kibana:\n  spaces: [soc, "The SOC"]\n  spcaes: [soc]\n');
  expect(refused(() => readSettings({ config }, {}))).toMatchInlineSnapshot(`
   "~/wmi-detections.yml:2:17: kibana.spaces.1: must be the id of a space: small letters, digits, _ and -
   ~/wmi-detections.yml:3:3: unknown setting \`kibana.spcaes\`
     Did you mean \`spaces\`?"
  `);
  expect(refused(() => readSettings({ space: 'soc,' }, {}))).toMatchInlineSnapshot(
    `"--space: kibana.spaces.1: must be the id of a space: small letters, digits, _ and -"`,
  );
});
