import { cli } from '../support/cli';

test('command line usage: --help lists every command', async () => {
  const { status, stdout } = await cli(['--help']);
  expect(status).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
   "wmi-detections <command>

   Detects process creation through WMI (ATT&CK T1047) on Elasticsearch and OpenSearch.

   Commands:
     wmi-detections demo                          try it: an embedded engine, both detections, our own samples, the alerts
     wmi-detections engine <action>               the embedded engine, a real OpenSearch node on loopback: start, stop or
                                                  status
     wmi-detections init                          write a settings file, by asking or by flags, and try it; never a secret
     wmi-detections validate                      check pipelines, mappings and rules on disk, offline
     wmi-detections plan                          show what deploy would do
     wmi-detections deploy                        install pipelines, templates and rules, or bring them up to date
     wmi-detections destroy                       remove what is ours; events and alerts stay unless --with-data
     wmi-detections adopt <things..>              take over what stands on the cluster under an id of ours, by our mark
                                                  only
     wmi-detections export <format> [rules..]     print the rules in the form of another tool, offline
     wmi-detections simulate [pipelines..]        run pipeline fixtures through an engine; nothing is indexed
     wmi-detections test [rules..]                run each rule on its positive and negative events, end to end
     wmi-detections replay <files..>              read events of any known shape and ship them, each once
     wmi-detections run                           run the stored rules now, over what came in since the last run
     wmi-detections notify <action> [webhooks..]  send a marked sample to the webhooks of the settings and show their
                                                  answers
     wmi-detections alerts [action] [ids..]       list alerts, newest first; explain one, acknowledge, close or reopen some
     wmi-detections risk                          users and hosts by the risk that alerts add to them, and those alerts
     wmi-detections reconcile                     hold the events that match each rule against the alerts there are;
                                                  nothing is written
     wmi-detections status                        versions, drift, last runs; what arrives, and what the rules cannot see
                                                  of it
     wmi-detections doctor                        can it work? reach, version, licence, clock, scheduler and your
                                                  privileges, before anything is changed
     wmi-detections completion                    print a script that completes commands and flags, for bash or zsh

   Everywhere:
         --es-url      URL of Elasticsearch or OpenSearch, or of several nodes with commas between them
                       (WMI_DETECTIONS_ES_URL)                                                                     [string]
         --kibana-url  URL of Kibana (WMI_DETECTIONS_KIBANA_URL)                                                   [string]
         --namespace   namespace of data streams, rules and alerts [default: default]                              [string]
         --config      settings file [default: wmi-detections.yml, where there is one]                             [string]
         --profile     which of the profiles in the settings file (WMI_DETECTIONS_PROFILE)                         [string]
         --content     folder of pipelines/, mappings/ and rules/ [default: those of the program]                  [string]
         --output      form of the result                              [string] [choices: "text", "json"] [default: "text"]

   Options:
         --version  Show version number                                                                           [boolean]
     -h, --help     Show help                                                                                     [boolean]

   Secrets come from the environment, never as flags: WMI_DETECTIONS_ES_API_KEY, or WMI_DETECTIONS_ES_USERNAME
   and WMI_DETECTIONS_ES_PASSWORD; WMI_DETECTIONS_ES_CA names a CA file; the same with KIBANA for ES. docs/connections.md
   has the rest.
   Exit status: 0 fine; 1 the answer is no; 2 could not work (usage, settings, network, privileges); 130 interrupted.
   "
  `);
});

test.each([
  'demo',
  'engine',
  'validate',
  'plan',
  'deploy',
  'destroy',
  'adopt',
  'export',
  'simulate',
  'test',
  'status',
  'replay',
  'run',
  'notify',
  'alerts',
  'risk',
  'reconcile',
])('command line usage: %s --help lists its flags', async (command) => {
  const { status, stdout } = await cli([command, '--help']);
  expect(status).toBe(0);
  // What is the same for every command is in the snapshot above.
  expect(stdout.replace(/Everywhere:[^]*?\n\n/, '').replace(/Secrets come from[^]*/, '')).toMatchSnapshot();
});

describe('command line completion', () => {
  test.each([
    ['bash', '/bin/bash', 'complete -o bashdefault -o default -F _wmi-detections_yargs_completions wmi-detections'],
    ['zsh', '/usr/bin/zsh', '#compdef wmi-detections'],
  ])('prints a script for %s', async (_shell, path, line) => {
    const { status, stdout, stderr } = await cli(['completion'], { env: { SHELL: path, ZSH_NAME: '' } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toContain(line);
  });

  const completed = async (...words: readonly string[]): Promise<string[]> => {
    const args = ['--get-yargs-completions', 'wmi-detections', ...words];
    return (await cli(args, { env: { SHELL: '/bin/bash', ZSH_NAME: '' } })).stdout.trimEnd().split('\n');
  };

  test('knows the commands', async () => {
    expect(await completed('')).toEqual(expect.arrayContaining(['deploy', 'completion']));
  });

  test('knows the flags of the command that is typed, and not those of another', async () => {
    const flags = await completed('deploy', '--');
    expect(flags).toEqual(expect.arrayContaining(['--es-url', '--prune']));
    expect(flags).not.toContain('--max-blind');
  });
});

test('command line usage: each choice of --output is listed once', async () => {
  const choices = /--output .*\n?.*\[choices: ([^\]]*)\]/.exec((await cli(['alerts', '--help'])).stdout)?.[1];
  expect(choices).toBe('"text", "json", "csv", "html"');
});

test('command line usage: --version prints the version of package.json', async () => {
  expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [['plna']],
  [['plan', '--es-ulr', 'http://x']],
  [['plan', '--output', 'xml']],
  [['plan', 'deploy']],
  [[]],
  [['replay']],
  [['alerts', '--from', 'yesterday']],
  [['alerts', 'clsoe', '3f9a']],
  [['alerts', '--limit', 'abc']],
  [['alerts', '--limit=-1']],
  [['risk', '--cap=-1']],
  [['risk', '--limit', '0']],
  [['engine', 'sart']],
  [['plan', '--es-url', 'cluster:9200', '--namespace', 'A']],
  [['plan', '--config', 'no-such-file.yml']],
])('command line usage: wrong usage %j exits with 2 and explains what to do', async (args) => {
  const { status, stdout, stderr } = await cli(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatchSnapshot();
});

test('command line usage: without a cluster the message explains how to name one', async () => {
  const { status, stderr } = await cli(['deploy']);
  expect(status).toBe(2);
  expect(stderr).toMatchInlineSnapshot(`
   "error: no cluster is named
     Give --es-url URL, set WMI_DETECTIONS_ES_URL, or write elasticsearch.url into wmi-detections.yml. Without a cluster: \`wmi-detections engine start\` prints the URL of an embedded one.
   "
  `);
});

test('command line usage: an unknown scheduler is refused', async () => {
  const { status, stderr } = await cli(['deploy', '--scheduler', 'opensearch', '--es-url', 'http://127.0.0.1:1']);
  expect(status).toBe(2);
  expect(stderr).toMatchInlineSnapshot(`
   "error: --scheduler: scheduler: must be one of kibana, opensearch-alerting, watcher, local
   "
  `);
});

test('command line usage: a repeated --space adds up; of any other repeated flag the last one counts', async () => {
  const url = ['--es-url', 'http://127.0.0.1:1', '--es-url', 'http://127.0.0.1:2'];
  expect((await cli(['plan', ...url])).stderr).toContain('http://127.0.0.1:2/');
  const spaces = ['--space', 'no such', '--space', 'nor this', '--es-url', 'http://127.0.0.1:1'];
  const { stderr } = await cli(['plan', ...spaces]);
  expect(stderr).toContain('kibana.spaces.0');
  expect(stderr).toContain('kibana.spaces.1');
});
