/** Temporary tables that hold the lines of the files until all of them are known to be right. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { readCsvLines, type CsvFile } from './csv-file';
import { LineFields } from './line-fields';
import type { ProblemList } from './problem';

/** What is stored of a field; a list becomes a PostgreSQL array. */
export type StagedValue = string | number | boolean | null | readonly (string | number)[];

/** One CSV file of the import: its columns, the table that its lines are staged in, and how a line is read. */
export interface LineFile<Context> {
  readonly file: string;
  readonly required: readonly string[];
  readonly optional?: readonly string[];
  readonly manyLines?: readonly string[];
  readonly table: string;
  /** Definition of each column of the table after `line`. Wrong fields are staged as null. */
  readonly tableColumns: readonly string[];
  /** Values for the columns of the table, in their order. */
  readonly read: (fields: LineFields, context: Context) => readonly StagedValue[];
}

/** Streams a whole file into its staging table, telling `problems` whatever is wrong with single lines. */
export async function stageFile<Context>(
  client: Client,
  folder: string,
  file: LineFile<Context>,
  context: Context,
  problems: ProblemList,
  onBytes: (count: number) => void,
): Promise<void> {
  await client.query(
    `create temporary table ${file.table} (line integer not null, ${file.tableColumns.join(', ')}) on commit drop`,
  );
  const csv: CsvFile = { ...file, folder };
  const rows = async function* (): AsyncGenerator<string> {
    let block = '';
    for await (const source of readCsvLines(csv, problems, onBytes)) {
      const values = file.read(new LineFields(file.file, source, problems), context);
      block += `${[source.line, ...values].map(copyText).join('\t')}\n`;
      if (block.length < blockSize) continue;
      yield block;
      block = '';
    }
    yield block;
  };
  await pipeline(Readable.from(rows()), client.query(copyFrom(`copy ${file.table} from stdin`)));
  await client.query(`analyze ${file.table}`);
}

/** Rows are sent in blocks of this many characters: one small packet a row takes three times as long. */
const blockSize = 32_768;

/** A value in the text format of COPY. */
function copyText(value: StagedValue): string {
  if (value === null) return '\\N';
  return escaped(typeof value === 'object' ? arrayLiteral(value) : String(value));
}

function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.map((value) => `"${String(value).replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(text: string): string {
  return text.replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character);
}
