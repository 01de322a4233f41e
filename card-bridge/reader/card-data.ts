/** The basic data of an NHI card: 57 bytes that anybody may have written, since a card is whatever answers. */
import type { BasicData } from '../../domain/card-proof/basic-data';
import { isPlainDate, type PlainDate } from '../../domain/civil-time/plain-date';
import { parsePersonNumber } from '../../domain/person-number/person-number';

/** Where each field stands and how long it is, in bytes. Source: the card's own layout, read off with any reader. */
export const cardLayout = {
  cardNumber: { offset: 0, length: 12 },
  /** Big5, padded with NUL, spaces or ideographic spaces. */
  name: { offset: 12, length: 20 },
  personNumber: { offset: 32, length: 10 },
  /** Year of the Republic, month, day: `yyyMMdd`. */
  birthDate: { offset: 42, length: 7 },
  sex: { offset: 49, length: 1 },
  issuedOn: { offset: 50, length: 7 },
} as const;

/** Bytes of a whole answer. */
export const cardDataLength = 57;

/** The year before the first of the Republic (1912 is year 1). */
export const yearsBeforeRepublic = 1911;

const sexes: Readonly<Record<string, BasicData['sex']>> = { M: 'male', F: 'female' };

/**
 * Reads the 57 bytes; `undefined` for anything that is not such data as a whole, with no word on what was wrong: it
 * might be personal. Only the name is taken as it comes, for no person chose how a card writes it. Never throws.
 */
export function parseCardData(bytes: Uint8Array): BasicData | undefined {
  if (bytes.length !== cardDataLength) return undefined;
  const cardNumber = asciiOf(bytes, 'cardNumber');
  const number = parsePersonNumber(asciiOf(bytes, 'personNumber'));
  const birthDate = republicDate(asciiOf(bytes, 'birthDate'));
  const issuedOn = republicDate(asciiOf(bytes, 'issuedOn'));
  const sex = sexes[asciiOf(bytes, 'sex')];
  if (!/^\d{12}$/.test(cardNumber) || 'refusal' in number) return undefined;
  if (birthDate === undefined || issuedOn === undefined || sex === undefined) return undefined;
  const name = nameIn(fieldOf(bytes, 'name'));
  return {
    ...{ cardNumber, name, personNumber: number.number, birthDate, sex, issuedOn },
    nameHasPrivateUse: outsideBig5.test(name),
  };
}

function fieldOf(bytes: Uint8Array, field: keyof typeof cardLayout): Uint8Array {
  const { offset, length } = cardLayout[field];
  return bytes.subarray(offset, offset + length);
}

/** A field that holds plain letters and digits only; empty when any byte is something else. */
function asciiOf(bytes: Uint8Array, field: keyof typeof cardLayout): string {
  const text = String.fromCharCode(...fieldOf(bytes, field));
  return /^[0-9A-Z]*$/.test(text) ? text : '';
}

/** `0410228` is 28 February 1952; `undefined` for a day that the calendar does not have. */
function republicDate(text: string): PlainDate | undefined {
  const [, year, month, day] = /^(\d{3})(\d\d)(\d\d)$/.exec(text) ?? [];
  if (year === undefined || year === '000') return undefined;
  const date = `${String(Number(year) + yearsBeforeRepublic)}-${month ?? ''}-${day ?? ''}`;
  return isPlainDate(date) ? date : undefined;
}

/** Characters of the user-defined rows, which decode to private use, and bytes that no table knows. */
const outsideBig5 = /[\p{Co}\uFFFD]/u;

/** NUL ends the name; spaces of either width only fill it up. */
const padding = /^[\s\u3000]+|[\s\u3000]+$/g;

/**
 * The name as text. A character cut in two by the end of the field is dropped; whatever would control a terminal or
 * a page becomes the sign for the unreadable.
 */
function nameIn(field: Uint8Array): string {
  const end = field.indexOf(0);
  const written = end === -1 ? field : field.subarray(0, end);
  // `stream` keeps back a leading byte whose second half is missing, instead of showing it as unreadable.
  const text = new TextDecoder('big5').decode(written, { stream: true });
  return text.replaceAll(padding, '').replaceAll(/\p{Cc}/gu, '\uFFFD');
}
