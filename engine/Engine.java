import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * A single real OpenSearch node on loopback. Run in Java's single-file mode, so there is no build step:
 *
 *     java -cp '<jars>/*' engine/Engine.java <data folder> <http port> <transport port> [detached]
 *
 * The runner's own command line cannot set node roles, and a node without the ingest role refuses every bulk request that
 * names a pipeline; that is one half of what this file is for. The other half is that the node cannot outlive the command
 * that started it, however that command ends. Its standard input is the string it hangs on:
 *
 *     end of input   the command is gone: stop at once (data is thrown away in any case)
 *     q              stop in good order
 *     d              live on without the command, until SIGTERM
 *
 * "detached" means d from the first moment, for starting it by hand.
 */
public class Engine {
    // Held in a field: the logging framework forgets the level of a logger that nobody holds.
    private static final Logger VECTORS = Logger.getLogger("org.apache.lucene.internal.vectorization.VectorizationProvider");

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        String httpPort = args[1];
        String transportPort = args[2];
        boolean detached = args.length > 3 && args[3].equals("detached");
        VECTORS.setLevel(Level.SEVERE); // it advises an incubator module, for speed that one node with little data does not need

        OpenSearchRunner runner = new OpenSearchRunner();
        if (!detached) {
            Thread watch = new Thread(() -> obeyStandardInput(runner), "standard input");
            watch.setDaemon(true);
            watch.start();
        }
        runner.onBuild((number, settings) -> {
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", httpPort);
            settings.put("transport.port", transportPort);
            // By default a node on a disk that is 95 % full turns every index read-only, although a laptop with 20 GB to
            // spare has room for thousands of such nodes. What matters is what is left, so the marks are in bytes.
            settings.put("cluster.routing.allocation.disk.watermark.low", "400mb");
            settings.put("cluster.routing.allocation.disk.watermark.high", "300mb");
            settings.put("cluster.routing.allocation.disk.watermark.flood_stage", "200mb");
        });
        // The name tells whose node it is that answers at a port.
        String name = "wmi-detections-" + folder.toAbsolutePath().getParent().getFileName();
        runner.build(
            OpenSearchRunner.newConfigs().basePath(folder.toString()).numOfNode(1).clusterName(name).disableESLogger());
        new CountDownLatch(1).await();
    }

    private static void obeyStandardInput(OpenSearchRunner runner) {
        int command = readCommand();
        if (command == 'd') {
            return;
        }
        if (command == 'q') {
            System.exit(0);
        }
        try {
            runner.clean();
        } finally {
            // halt, not exit: nothing may keep it, not even the writing of a class archive.
            Runtime.getRuntime().halt(0);
        }
    }

    /** The next character that says something, or -1 at the end of the input. */
    private static int readCommand() {
        try {
            return System.in.read();
        } catch (IOException gone) {
            return -1;
        }
    }
}
