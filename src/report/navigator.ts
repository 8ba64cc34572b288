import { ATTACK_VERSION, subtechniqueOf, tacticOf, tacticsOf, tacticWord, techniqueOf } from '../detections/attack';
import type { Rule } from '../detections/rule';

/** A technique under one tactic, as the Navigator draws it: one cell. */
interface Cell {
  readonly techniqueID: string;
  /** Short name, `execution`. */
  readonly tactic: string;
  readonly score: number;
  readonly comment: string;
  readonly enabled: true;
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
}

/**
 * What our rules cover, as a layer of the ATT&CK Navigator (layer format 4.5): a cell for each technique under each of its
 * tactics that a rule names; its score is the highest risk score of those rules, its comment their names.
 */
export function navigatorLayer(rules: readonly Rule[]): Record<string, unknown> {
  return {
    name: 'wmi-detections',
    versions: { attack: ATTACK_VERSION.replace(/\..*$/, ''), navigator: '5.1.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description: 'Techniques that the rules of wmi-detections detect; the score is the highest risk score of them.',
    filters: { platforms: ['Windows'] },
    sorting: 3,
    hideDisabled: false,
    techniques: cellsOf(rules),
    gradient: { colors: ['#ffe766', '#ff6666'], minValue: 0, maxValue: 100 },
    legendItems: [],
    metadata: [],
    links: [],
    showTacticRowBackground: false,
    selectTechniquesAcrossTactics: false,
    selectSubtechniquesWithParent: false,
  };
}

function cellsOf(rules: readonly Rule[]): Cell[] {
  const byCell = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const cell of cellIds(rule.tags)) byCell.set(cell, [...(byCell.get(cell) ?? []), rule]);
  }
  return [...byCell]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([cell, covering]) => {
      const [techniqueID = '', tactic = ''] = cell.split('/');
      return {
        techniqueID,
        tactic,
        score: Math.max(...covering.map(({ risk }) => risk.score)),
        comment: covering.map(({ name }) => name).join(', '),
        enabled: true,
        metadata: covering.map(({ name, uuid, risk }) => ({ name, value: `${uuid}, risk ${risk.score}` })),
      };
    });
}

/** `T1047/execution` for each technique, or sub-technique, and each tactic among the tags to which it belongs. */
function cellIds(tags: readonly string[]): string[] {
  const tactics = tags.filter((tag) => tacticOf(tag) !== undefined).map(tacticWord);
  const techniques = tags.map((tag) => subtechniqueOf(tag) ?? techniqueOf(tag)).filter((entry) => entry !== undefined);
  const cells = techniques.flatMap(({ id }) =>
    tacticsOf(id)
      .filter((tactic) => tactics.includes(tactic))
      .map((tactic) => `${id}/${tactic}`),
  );
  return [...new Set(cells)];
}
