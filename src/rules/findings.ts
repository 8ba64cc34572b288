import type { Path, YamlFile } from '../content/yaml-file';
import { ProblemError, type ErrorCode, type Problem } from '../errors';

/** Collects everything that is wrong with one file, so that its author sees it all at once. */
export class Findings {
  readonly #problems: Problem[] = [];

  constructor(private readonly yaml: YamlFile) {}

  /** Notes a problem at a place of the file. */
  add(path: Path, message: string, hint?: string): void {
    this.#problems.push({ where: this.yaml.placeOf(path), message, hint });
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
