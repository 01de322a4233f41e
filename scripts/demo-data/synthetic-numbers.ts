/** Person, card and mobile numbers for invented people: right in form and checksum, made from a serial number. */

/** What each letter of the first place counts in the checksum; the old UI number's second letter uses the units. */
const letterValues = {
  ...{ A: 10, B: 11, C: 12, D: 13, E: 14, F: 15, G: 16, H: 17, I: 34, J: 18, K: 19, L: 20, M: 21 },
  ...{ N: 22, O: 35, P: 23, Q: 24, R: 25, S: 26, T: 27, U: 28, V: 29, W: 32, X: 30, Y: 31, Z: 33 },
} as const;

export type NumberLetter = keyof typeof letterValues;
export type Sex = 'male' | 'female';

export const numberLetters = Object.keys(letterValues) as NumberLetter[];

/** Whom a new UI number was issued to; its third character says so. */
export const newUiHolders = ['foreign', 'withoutHousehold', 'hongKongOrMacao', 'mainland'] as const;
export type NewUiHolder = (typeof newUiHolders)[number];

const holderDigit = { foreign: '0', withoutHousehold: '7', hongKongOrMacao: '8', mainland: '9' } as const;

/** National ID (身分證字號) of a serial number 0–9,999,999. */
export function syntheticNationalId(letter: NumberLetter, sex: Sex, serial: number): string {
  return withCheckDigit(`${letter}${sex === 'male' ? 1 : 2}${padded(serial, 7)}`);
}

/** Old UI number (舊式統一證號) of a serial number 0–9,999,999; A and C stand for men, B and D for women. */
export function syntheticOldUiNumber(
  letter: NumberLetter,
  second: 'A' | 'B' | 'C' | 'D',
  serial: number,
): string {
  return withCheckDigit(`${letter}${second}${padded(serial, 7)}`);
}

/** New UI number (新式統一證號) of a serial number 0–999,999. */
export function syntheticNewUiNumber(
  letter: NumberLetter,
  sex: Sex,
  holder: NewUiHolder,
  serial: number,
): string {
  return withCheckDigit(`${letter}${sex === 'male' ? 8 : 9}${holderDigit[holder]}${padded(serial, 6)}`);
}

/** NHI card number of a serial number; these all begin with 9900, so that none is taken for a real card. */
export function syntheticCardNumber(serial: number): string {
  return `9900${padded(serial, 8)}`;
}

/** Mobile number of a serial number 0–99,999,999. */
export function syntheticMobile(serial: number): string {
  return `09${padded(serial, 8)}`;
}

/** Household number (戶號) of a serial number 0–9,999,999. */
export function syntheticHouseholdNumber(serial: number): string {
  return `F${padded(serial % 10_000_000, 7)}`;
}

/** Roads that there are in no city; the districts there are. */
const addressBegins = [
  ...['臺北市大安區示範里3鄰虛構路一段', '新北市板橋區演練里12鄰假想街', '桃園市中壢區樣本里7鄰例示路二段'],
  ...['臺中市西屯區虛設里1鄰假想路三段', '高雄市左營區示範里21鄰虛構街', '花蓮縣花蓮市演練里5鄰例示街'],
] as const;

/** Registered address (戶籍地址) of a serial number. */
export function syntheticRegisteredAddress(serial: number): string {
  const begin = addressBegins[serial % addressBegins.length] ?? addressBegins[0];
  return `${begin}${String(1 + (serial % 200))}號${serial % 3 === 0 ? '' : `${String(2 + (serial % 12))}樓`}`;
}

/** Completes the nine first characters of a person number of any kind by its check digit. */
export function withCheckDigit(nine: string): string {
  const first = letterValues[nine.charAt(0) as NumberLetter];
  const sum = Array.from(nine.slice(1)).reduce(
    (total, character, index) => total + digitOf(character) * (8 - index),
    Math.floor(first / 10) + (first % 10) * 9,
  );
  return `${nine}${(10 - (sum % 10)) % 10}`;
}

function digitOf(character: string): number {
  return /\d/.test(character) ? Number(character) : letterValues[character as NumberLetter] % 10;
}

function padded(serial: number, width: number): string {
  const digits = String(serial).padStart(width, '0');
  if (digits.length !== width || !/^\d+$/.test(digits))
    throw new RangeError(`serial must have at most ${width} digits`);
  return digits;
}
