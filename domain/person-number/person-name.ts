/** Names of persons as two registers have them: alike but for spaces and forms of one character. */

/**
 * Whether two registers mean the same name. Unicode's forms of one character, full-width letters, spaces and the
 * points between the parts of a foreign name count for nothing; case neither.
 */
export function isSameName(one: string, other: string): boolean {
  const [a, b] = [one, other].map(compared);
  return a === b && a !== '';
}

function compared(name: string): string {
  return name
    .normalize('NFKC')
    .replaceAll(/[\s·‧・.,]/gu, '')
    .toLowerCase();
}
