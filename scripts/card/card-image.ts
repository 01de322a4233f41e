/** What an NHI card holds, written as its maker would: the other half of `parseCardData`. */
import { cardDataLength, cardLayout, yearsBeforeRepublic } from '../../card-bridge/reader/card-data';
import type { BasicData } from '../../domain/card-proof/basic-data';
import type { PlainDate } from '../../domain/civil-time/plain-date';
import { encodeBig5 } from './big5';

/** What fills the name field up: cards of different years differ in it. */
export const namePaddings = { nul: [0x00], space: [0x20], wideSpace: [0xa1, 0x40] } as const;
export type NamePadding = keyof typeof namePaddings;

/** The 57 bytes of such a card. */
export function cardImage(
  facts: Omit<BasicData, 'nameHasPrivateUse'>,
  padding: NamePadding = 'space',
): Uint8Array {
  const image = new Uint8Array(cardDataLength);
  const put = (field: keyof typeof cardLayout, bytes: ArrayLike<number>): void =>
    image.set(bytes, cardLayout[field].offset);
  const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
  put('cardNumber', ascii(facts.cardNumber));
  put('name', paddedName(facts.name, padding));
  put('personNumber', ascii(facts.personNumber));
  put('birthDate', ascii(republicDateOf(facts.birthDate)));
  put('sex', ascii(facts.sex === 'male' ? 'M' : 'F'));
  put('issuedOn', ascii(republicDateOf(facts.issuedOn)));
  return image;
}

function paddedName(name: string, padding: NamePadding): Uint8Array {
  const { length } = cardLayout.name;
  const field = [...encodeBig5(name, length)];
  const filler = namePaddings[padding];
  while (field.length + filler.length <= length) field.push(...filler);
  // Half a wide space does not fit: the odd byte is a narrow one.
  while (field.length < length) field.push(0x20);
  return Uint8Array.from(field);
}

/** `1952-02-28` is `0410228`. */
function republicDateOf(date: PlainDate): string {
  const [year = '', month = '', day = ''] = date.split('-');
  return `${String(Number(year) - yearsBeforeRepublic).padStart(3, '0')}${month}${day}`;
}
