import type { adoptCommand } from './adopt';
import type { alertsCommand } from './alerts';
import type { Command } from './command';
import type { demoCommand } from './demo';
import type { deployCommand } from './deploy';
import type { destroyCommand } from './destroy';
import type { doctorCommand } from './doctor';
import type { engineCommand } from './engine';
import type { exportCommand } from './export';
import type { initCommand } from './init';
import type { notifyCommand } from './notify';
import type { planCommand } from './plan';
import type { reconcileCommand } from './reconcile';
import type { replayCommand } from './replay';
import type { riskCommand } from './risk';
import type { runCommand } from './run';
import type { simulateCommand } from './simulate';
import type { statusCommand } from './status';
import type { testRulesCommand } from './test-rules';
import type { validateCommand } from './validate';

/** A verb of the command line. Its module is loaded when it is called, so that the program starts at once. */
export interface Verb {
  /** With its arguments, as yargs wants it: `replay <files..>`. */
  readonly name: string;
  readonly describe: string;
  readonly load: () => Command;
}

/** Every verb of the command line, in the order of `--help`. */
export const VERBS: readonly Verb[] = [
  {
    name: 'demo',
    describe: 'try it: an embedded engine, both detections, our own samples, the alerts',
    load: () => (require('./demo') as { demoCommand: typeof demoCommand }).demoCommand,
  },
  {
    name: 'engine <action>',
    describe: 'the embedded engine, a real OpenSearch node on loopback: start, stop or status',
    load: () => (require('./engine') as { engineCommand: typeof engineCommand }).engineCommand,
  },
  {
    name: 'init',
    describe: 'write a settings file, by asking or by flags, and try it; never a secret',
    load: () => (require('./init') as { initCommand: typeof initCommand }).initCommand,
  },
  {
    name: 'validate',
    describe: 'check pipelines, mappings and rules on disk, offline',
    load: () => (require('./validate') as { validateCommand: typeof validateCommand }).validateCommand,
  },
  {
    name: 'plan',
    describe: 'show what deploy would do',
    load: () => (require('./plan') as { planCommand: typeof planCommand }).planCommand,
  },
  {
    name: 'deploy',
    describe: 'install pipelines, templates and rules, or bring them up to date',
    load: () => (require('./deploy') as { deployCommand: typeof deployCommand }).deployCommand,
  },
  {
    name: 'destroy',
    describe: 'remove what is ours; events and alerts stay unless --with-data',
    load: () => (require('./destroy') as { destroyCommand: typeof destroyCommand }).destroyCommand,
  },
  {
    name: 'adopt <things..>',
    describe: 'take over what stands on the cluster under an id of ours, by our mark only',
    load: () => (require('./adopt') as { adoptCommand: typeof adoptCommand }).adoptCommand,
  },
  {
    name: 'export <format> [rules..]',
    describe: 'print the rules in the form of another tool, offline',
    load: () => (require('./export') as { exportCommand: typeof exportCommand }).exportCommand,
  },
  {
    name: 'simulate [pipelines..]',
    describe: 'run pipeline fixtures through an engine; nothing is indexed',
    load: () => (require('./simulate') as { simulateCommand: typeof simulateCommand }).simulateCommand,
  },
  {
    name: 'test [rules..]',
    describe: 'run each rule on its positive and negative events, end to end',
    load: () => (require('./test-rules') as { testRulesCommand: typeof testRulesCommand }).testRulesCommand,
  },
  {
    name: 'replay <files..>',
    describe: 'read events of any known shape and ship them, each once',
    load: () => (require('./replay') as { replayCommand: typeof replayCommand }).replayCommand,
  },
  {
    name: 'run',
    describe: 'run the stored rules now, over what came in since the last run',
    load: () => (require('./run') as { runCommand: typeof runCommand }).runCommand,
  },
  {
    name: 'notify <action> [webhooks..]',
    describe: 'send a marked sample to the webhooks of the settings and show their answers',
    load: () => (require('./notify') as { notifyCommand: typeof notifyCommand }).notifyCommand,
  },
  {
    name: 'alerts [action] [ids..]',
    describe: 'list alerts, newest first; explain one, acknowledge, close or reopen some',
    load: () => (require('./alerts') as { alertsCommand: typeof alertsCommand }).alertsCommand,
  },
  {
    name: 'risk',
    describe: 'users and hosts by the risk that alerts add to them, and those alerts',
    load: () => (require('./risk') as { riskCommand: typeof riskCommand }).riskCommand,
  },
  {
    name: 'reconcile',
    describe: 'hold the events that match each rule against the alerts there are; nothing is written',
    load: () => (require('./reconcile') as { reconcileCommand: typeof reconcileCommand }).reconcileCommand,
  },
  {
    name: 'status',
    describe: 'versions, drift, last runs; what arrives, and what the rules cannot see of it',
    load: () => (require('./status') as { statusCommand: typeof statusCommand }).statusCommand,
  },
  {
    name: 'doctor',
    describe: 'can it work? reach, version, licence, clock, scheduler and your privileges, before anything is changed',
    load: () => (require('./doctor') as { doctorCommand: typeof doctorCommand }).doctorCommand,
  },
];

/** The verb of that name, without its arguments; undefined where there is none. */
export function findVerb(name: string): Verb | undefined {
  return VERBS.find((verb) => verbName(verb) === name);
}

/** How a verb is called: its name without its arguments. */
export function verbName({ name }: Verb): string {
  return name.split(' ')[0] ?? name;
}
