import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/*
 * Fetches Kibana's description of its HTTP API, which the contract tests compare every request to Kibana with:
 *
 *     npm run fetch:kibana-contract -- URL
 *
 * Its licence (CC BY-NC-ND 4.0) keeps it out of this repository. Upstream it is the file oas_docs/output/kibana.yaml of
 * Kibana's repository, at the branch of version 8.18. The script accepts only the exact bytes that the tests were written
 * against. It was tried against a local server only, not on the internet.
 */

/** SHA-256 of the document of Kibana 8.18 that the tests were written against. */
export const KIBANA_OPENAPI_SHA256 = '7ac96ef8cab5b839c89e623c322d6b9c13cb18f7217343cfb8eb815dab1296e4';

/** Where the tests look for the document; git ignores this folder. */
export const KIBANA_OPENAPI_FILE = join(__dirname, '..', '.cache', 'kibana-openapi', 'kibana-8.18.yaml');

/**
 * Downloads a file and writes it when its digest is the expected one. A file that is there already stays as it is until then.
 * @param url http or https; redirects are followed
 * @param expected.sha256 in lowercase hexadecimal digits
 * @throws Error when the server does not answer with status 200, or the digest is another one
 */
export async function fetchChecked(url: string, file: string, expected: { readonly sha256: string }): Promise<void> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url} answered with status ${answer.status}. Nothing was written.`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== expected.sha256) {
    throw new Error(
      `${url} is not the expected document: its SHA-256 is ${sha256}, expected ${expected.sha256}. Nothing was written.`,
    );
  }
  mkdirSync(dirname(file), { recursive: true });
  // A rename, so that an interrupted run leaves no half of a document.
  writeFileSync(`${file}.part`, bytes);
  renameSync(`${file}.part`, file);
}

if (require.main === module) {
  const [url] = process.argv.slice(2);
  if (url === undefined) {
    console.error('usage: npm run fetch:kibana-contract -- URL');
    process.exitCode = 2;
  } else {
    fetchChecked(url, KIBANA_OPENAPI_FILE, { sha256: KIBANA_OPENAPI_SHA256 }).then(
      () => {
        console.log(KIBANA_OPENAPI_FILE);
      },
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
      },
    );
  }
}
