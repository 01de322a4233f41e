/** Reads one CSV file line by line: heading, quotes, line ends and field counts, whatever a spreadsheet wrote. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse, type CsvError } from 'csv-parse';
import type { ProblemList } from './problem';

/** One line of a CSV file, its fields trimmed and found by the column's name. */
export interface CsvLine {
  readonly line: number;
  field(column: string): string;
}

export interface CsvFile {
  readonly folder: string;
  readonly file: string;
  readonly required: readonly string[];
  /** Columns that may be missing; their fields are then empty. */
  readonly optional?: readonly string[];
  /** Columns whose text may run over several lines. */
  readonly manyLines?: readonly string[];
}

interface ParsedRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** A longer record is a quote that was opened and never closed; it must not fill the memory. */
const longestRecord = 128_000;

/** Whatever no name or address has, and PostgreSQL cannot store in part: control characters but tab and line ends. */
// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * Yields the lines of the file that can be taken apart; the others, and fields that hold no proper text, are
 * told to `problems`. `onBytes` hears how far the reading is. A missing file throws the system's error.
 */
export async function* readCsvLines(
  { folder, file, required, optional = [], manyLines = [] }: CsvFile,
  problems: ProblemList,
  onBytes: (count: number) => void,
): AsyncGenerator<CsvLine> {
  const source = createReadStream(path.join(folder, file));
  let stopped = false;
  let linesRead = 0;
  const parser = parse({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: longestRecord,
    record_delimiter: '\n',
    // Asked while the parser runs, which may be far ahead of whoever takes the lines.
    on_record: (record: string[], { lines }) => {
      linesRead = lines;
      return stopped ? null : record;
    },
    on_skip: (error) => {
      const { reason, goesOn } = syntaxReasons[error?.code ?? ''] ?? notUnderstood;
      const line = goesOn ? lineOf(error) : linesRead + 1;
      if (!stopped) problems.add({ file, line, column: '', reason });
      if (goesOn) linesRead = line ?? linesRead;
      else stopped = true;
      return undefined;
    },
  });
  const reading = pipeline(source, (chunks: AsyncIterable<Buffer>) => textOf(chunks, onBytes), parser);
  // A failure of reading reaches us through the parser; this keeps it from being reported a second time.
  reading.catch(() => undefined);
  let heading: string[] | undefined;
  for await (const parsed of parser) {
    const { record, info } = parsed as ParsedRecord;
    const line = info.lines - lineEndsIn(record);
    if (heading === undefined) {
      heading = record.map((name) => name.trim().toLowerCase());
      if (!headingIsComplete(file, heading, required, optional, problems)) return;
      continue;
    }
    if (record.every((field) => field.trim() === '')) continue;
    if (record.length !== heading.length) {
      const reason = `has ${record.length} fields where the heading has ${heading.length}`;
      problems.add({ file, line, column: '', reason });
      continue;
    }
    const fields = new Map(heading.map((name, index) => [name, (record[index] ?? '').trim()]));
    reportImproperText(file, line, fields, manyLines, problems);
    yield { line, field: (column) => fields.get(column) ?? '' };
  }
  if (heading === undefined && !stopped) {
    problems.add({ file, line: null, column: '', reason: 'is empty: not even a heading stands in it' });
  }
}

/** UTF-8 text without byte order mark, its line ends all of one kind, so that lines can be counted. */
async function* textOf(
  chunks: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let held = '';
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    const text = held + decoder.decode(chunk, { stream: true });
    // A carriage return at the very end may be the first half of a line end.
    held = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - held.length).replace(/\r\n?/g, '\n');
  }
  yield (held + decoder.decode()).replace(/\r\n?/g, '\n');
}

function lineEndsIn(record: readonly string[]): number {
  return record.reduce((count, field) => count + (field.match(/\n/g)?.length ?? 0), 0);
}

function headingIsComplete(
  file: string,
  heading: readonly string[],
  required: readonly string[],
  optional: readonly string[],
  problems: ProblemList,
): boolean {
  const before = problems.count;
  const tell = (column: string, reason: string) => problems.add({ file, line: 1, column, reason });
  for (const column of required) {
    if (!heading.includes(column)) tell(column, 'this column is missing from the heading');
  }
  heading.forEach((column, index) => {
    if (heading.indexOf(column) !== index) tell(column, 'this column stands twice in the heading');
    else if (!required.includes(column) && !optional.includes(column)) {
      tell(column, `is no column of this file; it has ${[...required, ...optional].join(', ')}`);
    }
  });
  return problems.count === before;
}

function reportImproperText(
  file: string,
  line: number,
  fields: ReadonlyMap<string, string>,
  manyLines: readonly string[],
  problems: ProblemList,
): void {
  for (const [column, text] of fields) {
    if (text.includes('\uFFFD')) {
      problems.add({ file, line, column, reason: 'is not written in UTF-8: save the file as CSV UTF-8' });
    } else if (controlCharacter.test(text)) {
      problems.add({ file, line, column, reason: 'holds a control character' });
    } else if (text.includes('\n') && !manyLines.includes(column)) {
      problems.add({ file, line, column, reason: 'runs over more than one line' });
    }
  }
}

interface SyntaxReason {
  readonly reason: string;
  /** Whether the parser finds its way in the lines after it. */
  readonly goesOn: boolean;
}

const quoteLeftOpen: SyntaxReason = {
  reason: 'a quotation mark is opened here and not closed again; nothing from here on was read',
  goesOn: false,
};
const syntaxReasons: Readonly<Record<string, SyntaxReason>> = {
  CSV_QUOTE_NOT_CLOSED: quoteLeftOpen,
  CSV_MAX_RECORD_SIZE: quoteLeftOpen,
  CSV_INVALID_CLOSING_QUOTE: {
    reason: 'a quotation mark inside a quoted field must be doubled; nothing from here on was read',
    goesOn: false,
  },
  INVALID_OPENING_QUOTE: {
    reason: 'a quotation mark stands inside a field that is not quoted',
    goesOn: true,
  },
};
const notUnderstood: SyntaxReason = {
  reason: 'is no proper CSV; nothing from here on was read',
  goesOn: false,
};

function lineOf(error: CsvError | undefined): number | null {
  return typeof error?.['lines'] === 'number' ? error['lines'] : null;
}
