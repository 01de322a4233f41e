/** What is wrong in the files of a health authority, gathered so that all of it is told at once. */

/** One thing that is wrong. Reasons about people never repeat what stands in the line. */
export interface ImportProblem {
  readonly file: string;
  /** Counted from 1, the heading included; null for a file as a whole or a place in JSON. */
  readonly line: number | null;
  /** Name of the column, JSON pointer, or empty when the whole line is meant. */
  readonly column: string;
  /** Plain English, without a full stop. */
  readonly reason: string;
}

/** Keeps the first problems of each file and counts all, so that a file full of them needs no more memory. */
export class ProblemList {
  readonly #kept = new Map<string, ImportProblem[]>();
  #count = 0;

  constructor(private readonly keptPerFile = 1_000) {}

  get count(): number {
    return this.#count;
  }

  add(problem: ImportProblem): void {
    this.#count += 1;
    const ofFile = this.#kept.get(problem.file) ?? [];
    this.#kept.set(problem.file, ofFile);
    if (ofFile.length < this.keptPerFile) ofFile.push(problem);
  }

  /** Counts problems that were found but not fetched from the database. */
  addUnseen(count: number): void {
    this.#count += count;
  }

  /** What was kept, by file and line. */
  list(): ImportProblem[] {
    return [...this.#kept.values()].flatMap((problems) =>
      [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || a.column.localeCompare(b.column)),
    );
  }
}

/** The files were read and are wrong; nothing was loaded. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
  constructor(
    readonly problems: readonly ImportProblem[],
    /** How many there are in all; `problems` holds the first ones. */
    readonly count: number,
  ) {
    const first = problems[0] ? ` (${problemLine(problems[0])})` : '';
    super(`${count} problem${count === 1 ? '' : 's'} in the files${first}; nothing was loaded`);
  }
}

/** `people.csv:12 birth_date: must be a date written YYYY-MM-DD` */
export function problemLine({ file, line, column, reason }: ImportProblem): string {
  const place = line === null ? file : `${file}:${line}`;
  return `${column === '' ? place : `${place} ${column}`}: ${reason}`;
}
