import { readContent } from '../../src/content/read-content';
import type { Cluster } from '../../src/cluster/cluster';
import { ProblemError } from '../../src/errors';
import { PROGRAM_FOLDER } from '../../src/program';
import { localDeployment } from './deployment';

/** Pipelines and templates are shared by all namespaces, and so by all tests of a cluster: only set-ups put them. */
export async function deployShared(cluster: Cluster): Promise<void> {
  const deployment = localDeployment({ cluster, namespace: 'default' });
  const content = { resources: readContent(PROGRAM_FOLDER), rules: [] };
  const { problems } = await deployment.apply(await deployment.plan(content, { prune: false }));
  if (problems.length > 0) throw new ProblemError('PARTIAL', problems);
}
