import { adoptCommand } from './adopt';
import { alertsCommand } from './alerts';
import type { Command } from './command';
import { demoCommand } from './demo';
import { deployCommand } from './deploy';
import { destroyCommand } from './destroy';
import { doctorCommand } from './doctor';
import { engineCommand } from './engine';
import { exportCommand } from './export';
import { initCommand } from './init';
import { planCommand } from './plan';
import { reconcileCommand } from './reconcile';
import { replayCommand } from './replay';
import { riskCommand } from './risk';
import { runCommand } from './run';
import { simulateCommand } from './simulate';
import { statusCommand } from './status';
import { testRulesCommand } from './test-rules';
import { validateCommand } from './validate';

/** Every verb of the command line, in the order of `--help`. */
export const COMMANDS: readonly Command[] = [
  demoCommand,
  engineCommand,
  initCommand,
  validateCommand,
  planCommand,
  deployCommand,
  destroyCommand,
  adoptCommand,
  exportCommand,
  simulateCommand,
  testRulesCommand,
  replayCommand,
  runCommand,
  alertsCommand,
  riskCommand,
  reconcileCommand,
  statusCommand,
  doctorCommand,
];
