/** Writes records as CSV, quoting what needs quotes. */

/** The heading and a line of each record, `\n` at each end. */
export function csvText<Column extends string>(
  columns: readonly Column[],
  records: readonly Readonly<Record<Column, string | number>>[],
): string {
  const line = (fields: readonly (string | number)[]): string => `${fields.map(quoted).join(',')}\n`;
  return line(columns) + records.map((record) => line(columns.map((column) => record[column]))).join('');
}

function quoted(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
