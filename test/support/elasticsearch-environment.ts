import { relative } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { onBothEngines } from '../elasticsearch/engine-files.json';

/** By the full names of tests: why they do not hold on the Elasticsearch of the tests. */
type Exceptions = Readonly<Record<string, string>>;

/** What jest-circus says of a test, as far as it is looked at. */
interface Test {
  readonly name: string;
  readonly parent?: Test;
  mode?: string | null;
}

/**
 * The environment of the project `elasticsearch`: skips the tests that test/elasticsearch/engine-files.json lists as exceptions. A name in that
 * list that no test has is an error.
 */
class ElasticsearchEnvironment extends TestEnvironment {
  private readonly exceptions: Exceptions;
  private readonly met = new Set<string>();

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context);
    const file = relative(`${config.projectConfig.rootDir}/test`, context.testPath).replace(/\.test\.ts$/, '');
    this.exceptions = (onBothEngines as Readonly<Record<string, Exceptions>>)[file] ?? {};
  }

  handleTestEvent(event: { readonly name: string; readonly test?: Test }): void {
    if (event.name === 'test_start' && event.test !== undefined) {
      const name = fullName(event.test);
      if (this.exceptions[name] === undefined) return;
      this.met.add(name);
      event.test.mode = 'skip';
    }
    if (event.name === 'run_finish') {
      const unmet = Object.keys(this.exceptions).filter((name) => !this.met.has(name));
      if (unmet.length > 0)
        throw new Error(`test/elasticsearch/engine-files.json: there is no test "${unmet.join('", "')}"`);
    }
  }
}

function fullName({ name, parent }: Test): string {
  return parent === undefined || parent.name === 'ROOT_DESCRIBE_BLOCK' ? name : `${fullName(parent)} ${name}`;
}

module.exports = ElasticsearchEnvironment;
