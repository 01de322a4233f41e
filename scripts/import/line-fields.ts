/** Reading single fields of a line: each gives the value, or null after telling what is wrong with it. */
import { isPlainDate } from '../../domain/civil-time/plain-date';
import type { CsvLine } from './csv-file';
import type { ProblemList } from './problem';

/** The fields of one line, with a place to tell what is wrong with them. */
export class LineFields {
  constructor(
    private readonly file: string,
    private readonly source: CsvLine,
    private readonly problems: ProblemList,
  ) {}

  get line(): number {
    return this.source.line;
  }

  /** The text as it stands, empty included. */
  raw(column: string): string {
    return this.source.field(column);
  }

  /** Tells a reason and gives null, so that a reader can end with it. */
  wrong(column: string, reason: string): null {
    this.problems.add({ file: this.file, line: this.line, column, reason });
    return null;
  }

  /** Some text, at most `longest` characters. */
  text(column: string, longest: number): string | null {
    const value = this.raw(column);
    if (value === '') return this.wrong(column, 'is empty');
    return value.length <= longest ? value : this.wrong(column, `is longer than ${longest} characters`);
  }

  /** Text that may be empty. */
  optionalText(column: string, longest: number): string | null {
    return this.raw(column) === '' ? '' : this.text(column, longest);
  }

  /** Text of a fixed form, told as `form` when it is not. */
  code(column: string, pattern: RegExp, form: string): string | null {
    const value = this.raw(column);
    return pattern.test(value) ? value : this.wrong(column, value === '' ? 'is empty' : `must be ${form}`);
  }

  /** A whole number from 0 to `largest`. */
  count(column: string, largest: number): number | null {
    const value = this.raw(column);
    if (value === '') return this.wrong(column, 'is empty');
    if (!/^\d+$/.test(value)) return this.wrong(column, 'must be a whole number, digits only');
    return Number(value) <= largest ? Number(value) : this.wrong(column, `must be at most ${largest}`);
  }

  /** A civil date `YYYY-MM-DD` that the calendar has. */
  date(column: string): string | null {
    const value = this.raw(column);
    if (value === '') return this.wrong(column, 'is empty');
    return isPlainDate(value) ? value : this.wrong(column, dateReason);
  }

  /** What stands between the semicolons; none for an empty field. */
  list(column: string): string[] {
    const value = this.raw(column);
    return value === '' ? [] : value.split(/[;；]/).map((part) => part.trim());
  }
}

export const dateReason = 'must be a date of the calendar, written YYYY-MM-DD';

/** Added where a code was not found, since spreadsheets take codes for numbers. */
export const leadingZeroHint = 'spreadsheets drop a leading 0';
