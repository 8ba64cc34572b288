import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KIBANA_OPENAPI_FILE } from '../../scripts/fetch-kibana-openapi';
import { PROGRAM_FOLDER } from '../../src/program';

/** Kibana's description of its API, which its licence keeps out of the repository. */
export type KibanaOpenapi = { readonly file: string } | { readonly missing: string };

const PLACES: readonly string[] = [
  KIBANA_OPENAPI_FILE,
  join(PROGRAM_FOLDER, '../shared/kibana-openapi/kibana-8.18.yaml'),
];

/**
 * Finds the document: at the path in KIBANA_OPENAPI if that is set, else in the places that the tests know.
 * @returns the file, or why there is none and what to do
 */
export function findKibanaOpenapi(env: NodeJS.ProcessEnv, places: readonly string[] = PLACES): KibanaOpenapi {
  const given = env['KIBANA_OPENAPI'];
  const candidates = given === undefined ? places : [given];
  const file = candidates.find((path) => existsSync(path));
  if (file !== undefined) return { file };
  return { missing: `no Kibana OpenAPI document at ${candidates.join(' or ')}: see CONTRIBUTING.md` };
}

/** What the tests against the contract do: run, skip with a reason, or fail with a reason. */
export function contractMode(env: NodeJS.ProcessEnv, found: KibanaOpenapi): 'run' | 'skip' | 'fail' {
  if ('file' in found) return 'run';
  return env['REQUIRE_KIBANA_CONTRACT'] === '1' ? 'fail' : 'skip';
}
