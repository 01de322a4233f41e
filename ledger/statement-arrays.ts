/** Arrays as PostgreSQL reads them, for statements that act on some hundred rows at once. */

const plain = /^[\w:.+-]+$/;

/** An array literal; for a batch's columns a good deal cheaper to make than what the driver makes of an array. */
export function arrayOf(values: readonly (string | number | Buffer | null)[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: string | number | Buffer | null): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return `"\\\\x${value.toString('hex')}"`;
  // Unquoted, the word null would be no text.
  if (plain.test(value) && value.toLowerCase() !== 'null') return value;
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
