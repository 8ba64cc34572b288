import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readYaml, type YamlFile } from '../content/yaml-file';
import { ProblemError, type Place, type Problem } from '../errors';
import { isRecord } from '../json';
import { suggestion } from '../text/suggest';
import { checked, type Path } from './check';
import type { Layer } from './layers';
import { resolved, type Environment } from './references';
import { fileShape } from './shape';

/** The settings file that is read without --config. */
export const DEFAULT_FILE = 'wmi-detections.yml';

/** The profile that was asked for, and where. */
export interface Asked {
  readonly profile: string;
  readonly where: Place;
}

/**
 * What the settings file says: the profile that was asked for, then the rest of the file. A profile that says how a product is
 * reached replaces all that the rest says about that: the key of one cluster must not be sent to another.
 * @param config the path that was given; else the default file, where there is one
 */
export function fileLayers(
  config: string | undefined,
  asked: Asked | undefined,
  environment: Environment,
  problems: Problem[],
): Layer[] {
  const file = readFile(config, problems);
  const profiles = isRecord(file?.value) && isRecord(file.value.profiles) ? file.value.profiles : {};
  if (asked !== undefined && !Object.hasOwn(profiles, asked.profile)) {
    problems.push(unknownProfile(asked, file, Object.keys(profiles)));
    return [];
  }
  if (file === undefined) return [];
  const chosen = asked === undefined ? undefined : profiles[asked.profile];
  const replaced = (key: unknown): boolean =>
    (key === 'elasticsearch' || key === 'kibana') && isRecord(chosen) && chosen[key] !== undefined;
  const counts = ([first, second]: Path): boolean =>
    first === 'profiles' ? second === asked?.profile : !replaced(first);
  const part = { value: file.value, placeOf: (path: Path) => file.placeOf(path), counts };
  const value = resolved(part, dirname(file.file), environment, problems);
  const written = checked(fileShape, { ...part, value }, problems);
  if (written === undefined) return [];
  const { profiles: named = {}, ...rest } = written;
  const top = Object.fromEntries(Object.entries(rest).filter(([key]) => !replaced(key)));
  const layers: Layer[] = [{ written: top, placeOf: part.placeOf }];
  if (asked === undefined) return layers;
  const below = (path: Path): Place => file.placeOf(['profiles', asked.profile, ...path]);
  return [{ written: named[asked.profile] ?? {}, placeOf: below }, ...layers];
}

function readFile(config: string | undefined, problems: Problem[]): YamlFile | undefined {
  const path = config ?? DEFAULT_FILE;
  if (config === undefined && !existsSync(path)) return undefined;
  try {
    return readYaml(path);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function unknownProfile({ profile, where }: Asked, file: YamlFile | undefined, known: readonly string[]): Problem {
  if (file === undefined) {
    const hint = `Profiles stand in the settings file, ${DEFAULT_FILE} or what --config names, below \`profiles\`.`;
    return { where, message: `there is no settings file with the profile \`${profile}\``, hint };
  }
  const hint = known.length === 0 ? 'It has none: they stand below `profiles`.' : suggestion(profile, known);
  return { where, message: `${file.file} has no profile \`${profile}\``, hint };
}
