import { reasonIn } from '../../../src/engine/start-node';

const BIND = `Creating /c/node_1/plugins
Exception in thread "main" org.codelibs.opensearch.runner.OpenSearchRunnerException: Failed to start node 1
	at org.codelibs.opensearch.runner.OpenSearchRunner.execute(OpenSearchRunner.java:579)
Caused by: BindHttpException[Failed to bind to 127.0.0.1:9200]; nested: BindException[Address already in use];
	at org.opensearch.http.AbstractHttpServerTransport.bindAddress(AbstractHttpServerTransport.java:236)
Caused by: java.net.BindException: Address already in use
	at java.base/sun.nio.ch.Net.bind0(Native Method)
	Suppressed: java.util.concurrent.CompletionException: Rethrowing promise failure cause
		at io.netty.util.concurrent.DefaultPromise.rethrowIfFailed(DefaultPromise.java:686)
`;

test('reason in the engine log: is the exception and its innermost cause', () => {
  expect(reasonIn(BIND).text).toMatchInlineSnapshot(
    `"org.codelibs.opensearch.runner.OpenSearchRunnerException: Failed to start node 1; java.net.BindException: Address already in use"`,
  );
});

test('reason in the engine log: recognises a taken port', () => {
  expect(reasonIn(BIND).portTaken).toBe(true);
  expect(reasonIn(BIND.replaceAll(/Bind\w*|Address already in use/g, 'x')).portTaken).toBe(false);
});

test('reason in the engine log: recognises a full disk', () => {
  expect(reasonIn('Caused by: java.io.IOException: No space left on device').diskFull).toBe(true);
  expect(reasonIn(BIND).diskFull).toBe(false);
});

test('reason in the engine log: is the last lines that are not noise where there is no exception', () => {
  const log = 'Error occurred during initialization of VM\nToo small maximum heap\nWARNING: a restricted method\n';
  expect(reasonIn(log).text).toBe('Error occurred during initialization of VM; Too small maximum heap');
});

test('reason in the engine log: reports an empty log', () => {
  expect(reasonIn('').text).toBe('its log is empty');
});
