import type { Path, YamlFile } from '../content/yaml-file';
import { ProblemError, type ErrorCode, type Problem } from '../errors';

/** Collects everything that is wrong with one file, so that its author sees it all at once. */
export class Findings {
  readonly #problems: Problem[];

  /** @param prefix where the part of the file that is looked at stands; paths are counted from there */
  constructor(
    private readonly yaml: YamlFile,
    private readonly prefix: Path = [],
    problems: Problem[] = [],
  ) {
    this.#problems = problems;
  }

  /** For a part of the file: what is noted there is noted here. */
  under(path: Path): Findings {
    return new Findings(this.yaml, [...this.prefix, ...path], this.#problems);
  }

  /** Notes a problem at a place of the file. */
  add(path: Path, message: string, hint?: string): void {
    this.#problems.push({ where: this.yaml.placeOf([...this.prefix, ...path]), message, hint });
  }

  get found(): boolean {
    return this.#problems.length > 0;
  }

  /** @throws ProblemError with everything noted, in the order of the file, if there is anything. */
  throwIfFound(code: ErrorCode): void {
    if (this.found)
      throw new ProblemError(
        code,
        this.#problems.toSorted((a, b) => lineOf(a) - lineOf(b)),
      );
  }
}

function lineOf({ where }: Problem): number {
  return where !== undefined && 'line' in where ? (where.line ?? 0) : 0;
}
