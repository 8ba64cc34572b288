/** What the log of a failed start has to say. */
export interface LogReason {
  readonly text: string;
  readonly portTaken: boolean;
  readonly diskFull: boolean;
}

/** Lines of a stack trace, and of the runner's account of its folders. */
const NOISE =
  /^\s*(at |\.\.\. \d+ more|Suppressed:)|^(Creating |Cluster Name:|Base Path:|Num Of Node:|Node Name:|HTTP Port:|Data Directory:|Log Directory:)|^WARNING:/;

/**
 * The reason for a failed start out of the node's log: the exception and its innermost cause, or, when Java itself did not
 * start, the last lines.
 */
export function reasonIn(log: string): LogReason {
  const lines = log.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line));
  const thrown = lines.find((line) => line.startsWith('Exception in thread'));
  const cause = lines.filter((line) => line.startsWith('Caused by:')).at(-1);
  const exceptions = [thrown, cause].filter((line) => line !== undefined);
  const said = exceptions.length > 0 ? exceptions : lines.slice(-3);
  return {
    text:
      said.map((line) => line.replace(/^(Exception in thread "\S+"|Caused by:) /, '').trim()).join('; ') ||
      'its log is empty',
    portTaken: /BindHttpException|BindTransportException|Address already in use/.test(log),
    diskFull: /No space left on device|Disk quota exceeded/.test(log),
  };
}
