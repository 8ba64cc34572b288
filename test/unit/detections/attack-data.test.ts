import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateAttack } from '../../../scripts/generate-attack';
import data from '../../../src/detections/attack-data.json';

/** A bundle as MITRE publishes them, with one thing of each sort. */
function bundle(): Parameters<typeof generateAttack>[0] {
  const pattern = (id: string, name: string, tactics: string[], rest: object = {}): object => ({
    type: 'attack-pattern',
    id: `attack-pattern--${id}`,
    name,
    external_references: [
      { source_name: 'mitre-attack', external_id: id },
      { source_name: 'capec', external_id: 'CAPEC-1' },
    ],
    kill_chain_phases: tactics.map((tactic) => ({ kill_chain_name: 'mitre-attack', phase_name: tactic })),
    ...rest,
  });
  const replaced = (by: string, id: string): object => ({
    type: 'relationship',
    id: `relationship--${id}`,
    relationship_type: 'revoked-by',
    source_ref: `attack-pattern--${id}`,
    target_ref: `attack-pattern--${by}`,
  });
  const objects = [
    { type: 'x-mitre-collection', id: 'x-mitre-collection--1', x_mitre_version: '42.0' },
    { type: 'marking-definition', id: 'marking-definition--1', definition: { statement: 'Copyright' } },
    {
      type: 'x-mitre-tactic',
      id: 'x-mitre-tactic--1',
      name: 'Execution',
      x_mitre_shortname: 'execution',
      external_references: [{ source_name: 'mitre-attack', external_id: 'TA0002' }],
    },
    pattern('T1059.001', 'PowerShell', ['execution']),
    pattern('T1047', 'Windows Management Instrumentation', ['execution']),
    pattern('T1086', 'PowerShell of old', ['execution'], { revoked: true }),
    pattern('T1000', 'PowerShell of yore', ['execution'], { revoked: true }),
    pattern('T1064', 'Scripting', ['execution'], { x_mitre_deprecated: true }),
    replaced('T1059.001', 'T1086'),
    replaced('T1086', 'T1000'),
    { type: 'malware', id: 'malware--1', name: 'Not of interest' },
  ];
  return { objects } as Parameters<typeof generateAttack>[0];
}

test('ATT&CK data: a bundle of MITRE becomes what validate knows: tactics, techniques in order, and what was withdrawn', () => {
  expect(generateAttack(bundle())).toEqual({
    version: '42.0',
    copyright: 'Copyright',
    tactics: { execution: { id: 'TA0002', name: 'Execution' } },
    techniques: {
      T1047: { name: 'Windows Management Instrumentation', tactics: ['execution'] },
      'T1059.001': { name: 'PowerShell', tactics: ['execution'] },
    },
    withdrawn: {
      T1000: { name: 'PowerShell of yore', successor: 'T1059.001' },
      T1064: { name: 'Scripting' },
      T1086: { name: 'PowerShell of old', successor: 'T1059.001' },
    },
  });
});

test('ATT&CK data: anything else is refused', () => {
  const { objects } = bundle();
  expect(() => generateAttack({ objects: objects.slice(1) })).toThrow('this is no STIX 2.1 bundle of ATT&CK');
  expect(() => generateAttack({ objects: objects.slice(0, 3) })).toThrow('this is no STIX 2.1 bundle of ATT&CK');
});

describe('ATT&CK data: the data that is here', () => {
  const techniques = Object.entries(data.techniques);

  test('it is all of ATT&CK Enterprise', () => {
    expect([data.version, Object.keys(data.tactics).length]).toEqual(['18.1', 14]);
    expect(techniques.filter(([id]) => /^T\d{4}$/.test(id))).toHaveLength(216);
    expect(techniques.filter(([id]) => /^T\d{4}\.\d{3}$/.test(id))).toHaveLength(475);
    expect(techniques).toHaveLength(216 + 475);
  });

  test('each technique has tactics that are there, and each sub-technique a technique with the same', () => {
    for (const [id, { tactics }] of techniques) {
      const parent = data.techniques[id.slice(0, 5) as keyof typeof data.techniques];
      expect([id, tactics.length > 0, tactics.toSorted()]).toEqual([id, true, parent.tactics.toSorted()]);
      expect(tactics.filter((tactic) => !(tactic in data.tactics))).toEqual([]);
    }
  });

  test('a successor is a technique of today', () => {
    const successors = Object.values(data.withdrawn).flatMap((entry) =>
      'successor' in entry ? [entry.successor] : [],
    );
    expect(successors.length).toBeGreaterThan(100);
    expect(successors.filter((id) => !(id in data.techniques))).toEqual([]);
  });

  test('it is small, and NOTICE says on what terms it is here', () => {
    const text = readFileSync(join(__dirname, '../../../src/detections/attack-data.json'), 'utf8');
    expect(text.length).toBeLessThan(200_000);
    const notice = readFileSync(join(__dirname, '../../../NOTICE'), 'utf8');
    expect(notice).toContain(`ATT&CK® Enterprise ${data.version}`);
    expect(notice).toContain('reproduced and distributed with the permission of The MITRE Corporation');
  });
});
