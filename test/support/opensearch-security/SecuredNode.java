import java.io.IOException;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * A single OpenSearch node with the security plugin, on loopback. Run in Java's single-file mode:
 *
 *     java -cp '<jars>/*:<jars of the plugin>/*' SecuredNode.java <folder> <http port> <transport port>
 *
 * <folder>/node_1/config holds node.crt, node.key and ca.crt, and in opensearch-security/ the users and roles that the
 * plugin begins with. The node ends when its standard input does.
 */
public class SecuredNode {
    public static void main(String[] args) {
        Thread watch = new Thread(SecuredNode::endWithStandardInput, "standard input");
        watch.start();
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", args[1]);
            settings.put("transport.port", args[2]);
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
            for (String layer : new String[] { "http", "transport" }) {
                String ssl = "plugins.security.ssl." + layer + ".";
                settings.put(ssl + "pemcert_filepath", "node.crt");
                settings.put(ssl + "pemkey_filepath", "node.key");
                settings.put(ssl + "pemtrustedcas_filepath", "ca.crt");
            }
            settings.put("plugins.security.ssl.http.enabled", true);
            settings.put("plugins.security.ssl.transport.enforce_hostname_verification", false);
            settings.putList("plugins.security.nodes_dn", "CN=node");
            settings.put("plugins.security.allow_default_init_securityindex", true);
            settings.putList("plugins.security.restapi.roles_enabled", "all_access");
            settings.put("plugins.security.audit.type", "noop");
        });
        runner.build(OpenSearchRunner.newConfigs()
            .basePath(args[0])
            .numOfNode(1)
            .clusterName("with-security")
            .pluginTypes("org.opensearch.security.OpenSearchSecurityPlugin")
            .disableESLogger());
    }

    private static void endWithStandardInput() {
        try {
            while (System.in.read() >= 0) {
                // Nobody says anything; what matters is the end.
            }
        } catch (IOException gone) {
            // As good as the end.
        }
        Runtime.getRuntime().halt(0);
    }
}
