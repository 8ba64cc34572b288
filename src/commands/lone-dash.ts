/**
 * Stands for the argument `-`, standard input, because yargs drops a lone dash among several files. In a file of its own,
 * because cli.ts needs it before it loads a command.
 */
export const LONE_DASH = '\0-';
