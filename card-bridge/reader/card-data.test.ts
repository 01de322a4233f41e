import fc from 'fast-check';
import type { BasicData } from '../../domain/card-proof/basic-data';
import { big5Characters, encodeBig5 } from '../../scripts/card/big5';
import { cardImage, namePaddings, type NamePadding } from '../../scripts/card/card-image';
import {
  newUiHolders,
  numberLetters,
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from '../../scripts/demo-data/synthetic-numbers';
import { cardDataLength, cardLayout, parseCardData } from './card-data';

const owner = {
  cardNumber: '990000000001',
  name: '甄健康',
  personNumber: syntheticNationalId('A', 'male', 2_345_678),
  birthDate: '1952-02-28',
  sex: 'male',
  issuedOn: '2020-01-02',
} as const satisfies Omit<BasicData, 'nameHasPrivateUse'>;

/** The image of that card with other bytes in one field. */
function imageWith(field: keyof typeof cardLayout, bytes: Uint8Array | string): Uint8Array {
  const image = cardImage(owner);
  const { offset, length } = cardLayout[field];
  image.set(Buffer.from(bytes).subarray(0, length), offset);
  return image;
}

const letter = fc.constantFrom(...numberLetters);
const sex = fc.constantFrom('male' as const, 'female' as const);
const serial7 = fc.integer({ min: 0, max: 9_999_999 });
const personNumber = fc.oneof(
  fc.tuple(letter, sex, serial7).map((parts) => syntheticNationalId(...parts)),
  fc
    .tuple(letter, fc.constantFrom('A' as const, 'B' as const, 'C' as const, 'D' as const), serial7)
    .map((parts) => syntheticOldUiNumber(...parts)),
  fc
    .tuple(letter, sex, fc.constantFrom(...newUiHolders), fc.integer({ min: 0, max: 999_999 }))
    .map((parts) => syntheticNewUiNumber(...parts)),
);
const date = fc
  .date({ min: new Date('1912-01-01T00:00:00Z'), max: new Date('2910-12-31T00:00:00Z'), noInvalidDate: true })
  .map((instant) => instant.toISOString().slice(0, 10));
const character = fc.oneof(
  fc.constantFrom(...big5Characters),
  fc.constantFrom(...'ABCXYZabcxyz -.,'.split('')),
);
/** What a card can hold whole and whose ends are no padding. */
const name = fc
  .array(character, { maxLength: 10 })
  .map((characters) => characters.join('').replaceAll(/^[\s\u3000]+|[\s\u3000]+$/g, ''))
  .filter((text) => encodeBig5(text, 99).length <= cardLayout.name.length);
const facts = fc.record({
  ...{ cardNumber: fc.stringMatching(/^\d{12}$/), name, personNumber, birthDate: date, sex, issuedOn: date },
});
const padding = fc.constantFrom(...(Object.keys(namePaddings) as NamePadding[]));

describe('the 57 bytes of a card', () => {
  test('say the same whoever’s card it is and however its name is filled up', () => {
    fc.assert(
      fc.property(facts, padding, (person, filler) => {
        expect(parseCardData(cardImage(person, filler))).toEqual({
          ...person,
          nameHasPrivateUse: /\p{Co}/u.test(person.name),
        });
      }),
    );
  });

  test('may be any bytes of any length without harm, and are a card only if every field is right', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(parseCardData(bytes)).toBeUndefined();
      }),
    );
  });

  test('with one byte changed are another card or none, never a broken one', () => {
    const place = fc.integer({ min: 0, max: cardDataLength - 1 });
    fc.assert(
      fc.property(facts, place, fc.integer({ min: 0, max: 255 }), (person, at, byte) => {
        const image = cardImage(person);
        image[at] = byte;
        const card = parseCardData(image);
        if (!card) return;
        expect(card.cardNumber).toMatch(/^\d{12}$/);
        expect(card.personNumber).toMatch(/^[A-Z][A-D1289]\d{8}$/);
        expect(card.name).not.toMatch(/\p{Cc}/u);
        expect(Number.isNaN(Date.parse(card.birthDate) + Date.parse(card.issuedOn))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['a card number with a letter', 'cardNumber', '99000000000A'],
    ['a card number of full-width digits', 'cardNumber', encodeBig5('９９００００', 12)],
    ['a person number whose checksum is wrong', 'personNumber', 'A123456780'],
    ['a person number in small letters', 'personNumber', owner.personNumber.toLowerCase()],
    ['the thirtieth of February', 'birthDate', '0410230'],
    ['a leap day of a common year', 'birthDate', '0420229'],
    ['the year nought', 'birthDate', '0000101'],
    ['a birthday of spaces', 'birthDate', '       '],
    ['a thirteenth month of issue', 'issuedOn', '1091301'],
    ['no sex', 'sex', ' '],
  ] as const)('with %s are no card', (_, field, bytes) => {
    expect(parseCardData(imageWith(field, bytes))).toBeUndefined();
  });

  test('one byte short or long are no card', () => {
    expect(parseCardData(cardImage(owner).subarray(1))).toBeUndefined();
    expect(parseCardData(Uint8Array.of(...cardImage(owner), 0))).toBeUndefined();
  });
});

describe('a name on a card', () => {
  test('may hold characters that only the office knows: it is flagged, never refused', () => {
    expect(parseCardData(cardImage({ ...owner, name: '林\u{E0A1}安' }))).toMatchObject({
      name: '林\u{E0A1}安',
      nameHasPrivateUse: true,
    });
    // Outside Big5 altogether, so the card has a user-defined character in its place.
    expect(parseCardData(cardImage({ ...owner, name: '陳𠮷' }))).toMatchObject({
      name: expect.stringMatching(/^陳\p{Co}$/u),
      nameHasPrivateUse: true,
    });
  });

  test('is cut at twenty bytes, a character in two if need be', () => {
    expect(parseCardData(cardImage({ ...owner, name: 'MARIA CONCEPCION SANTOS DELA CRUZ' }))).toMatchObject({
      name: 'MARIA CONCEPCION SAN',
      nameHasPrivateUse: false,
    });
    expect(parseCardData(cardImage({ ...owner, name: 'A谷辣斯尤達卡谷辣斯尤' }))).toMatchObject({
      name: 'A谷辣斯尤達卡谷辣斯',
      nameHasPrivateUse: false,
    });
  });

  test.each([
    ['bytes that mean nothing', [0xff, 0x80, 0xff, 0x80], true],
    ['signs that would control a terminal', [0x1b, 0x5b, 0x32, 0x4a], true],
    ['nothing at all', [0x00], false],
  ])('may be %s', (_, bytes, flagged) => {
    const field = Uint8Array.from({ length: 20 }, (__, index) => bytes[index] ?? 0x20);
    expect(parseCardData(imageWith('name', field))).toMatchObject({ nameHasPrivateUse: flagged });
  });

  test('ends at its first NUL, whatever stands behind', () => {
    const field = Uint8Array.of(...encodeBig5('甄健康', 20), 0, ...encodeBig5('別的人', 20)).subarray(0, 20);
    expect(parseCardData(imageWith('name', field))?.name).toBe('甄健康');
  });
});
