/** Big5 as cards are written in, the other way round from what the platform's decoder does. */

/** Every two-byte character by what it decodes to; of two ways to write one, the first counts. */
const bytesOfCharacter: ReadonlyMap<string, readonly [number, number]> = (() => {
  const table = new Map<string, readonly [number, number]>();
  const decoder = new TextDecoder('big5');
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail > 0x7e && trail < 0xa1) continue;
      const character = decoder.decode(Uint8Array.of(lead, trail));
      if (Array.from(character).length === 1 && character !== '\uFFFD' && !table.has(character)) {
        table.set(character, [lead, trail]);
      }
    }
  }
  return table;
})();

/** All characters that two bytes of Big5 can stand for, those of private use among them. */
export const big5Characters: readonly string[] = [...bytesOfCharacter.keys()];

/** Where offices put characters that Big5 does not have (造字): the first user-defined row. */
const userDefined = { lead: 0xfa, firstTrail: 0x40 } as const;

/**
 * The name in Big5, at most `length` bytes; a character that the bytes left do not hold whole is cut in two, as the
 * cards of people with long names have it. What Big5 does not have becomes a user-defined character.
 */
export function encodeBig5(text: string, length: number): Uint8Array {
  let invented = 0;
  const bytes = Array.from(text).flatMap((character) => {
    if (character < '\u0080') return [character.charCodeAt(0)];
    const known = bytesOfCharacter.get(character);
    if (known) return [...known];
    invented += 1;
    return [userDefined.lead, userDefined.firstTrail + invented - 1];
  });
  return Uint8Array.from(bytes.slice(0, length));
}
