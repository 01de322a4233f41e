/** The numbers by which a person is known in Taiwan: national ID, old and new UI number, with their checksum. */
import { validateIdCardNumber } from 'taiwan-id-validator';

declare const personNumberBrand: unique symbol;

/** A person number that was normalised and whose form and checksum were found right. */
export type PersonNumber = string & { readonly [personNumberBrand]: true };

/**
 * 身分證字號 (`nationalId`), 舊式統一證號 (`oldUiNumber`, valid until 2031-01-01) and
 * 新式統一證號 (`newUiNumber`, issued since 2021-01-02).
 */
export const personNumberKinds = ['nationalId', 'oldUiNumber', 'newUiNumber'] as const;
export type PersonNumberKind = (typeof personNumberKinds)[number];

export interface ParsedPersonNumber {
  readonly kind: PersonNumberKind;
  readonly number: PersonNumber;
}

/** Why something typed is no person number; it never repeats what was typed. */
export type PersonNumberRefusal =
  | { readonly refusal: 'personNumberLengthWrong' }
  | { readonly refusal: 'personNumberFormWrong' }
  | { readonly refusal: 'personNumberChecksumWrong' };

const kindOfCategory = {
  NATIONAL_ID: 'nationalId',
  UI_NUMBER_LEGACY: 'oldUiNumber',
  UI_NUMBER_FOREIGN_OR_STATELESS: 'newUiNumber',
  UI_NUMBER_NATIONAL_WITHOUT_HOUSEHOLD_REGISTRATION: 'newUiNumber',
  UI_NUMBER_HK_MACAO_RESIDENT: 'newUiNumber',
  UI_NUMBER_MAINLAND_CHINA_RESIDENT: 'newUiNumber',
} as const satisfies Record<string, PersonNumberKind>;

const refusalOfReason = {
  INVALID_INPUT_TYPE: 'personNumberFormWrong',
  INVALID_LENGTH: 'personNumberLengthWrong',
  INVALID_FORMAT: 'personNumberFormWrong',
  CATEGORY_NOT_ALLOWED: 'personNumberFormWrong',
  INVALID_CHECKSUM: 'personNumberChecksumWrong',
} as const satisfies Record<string, PersonNumberRefusal['refusal']>;

/**
 * Writes what was typed or scanned in the one form that is compared and stored: full-width letters and
 * digits become plain ones, space around it goes, letters are upper case. Says nothing on whether it is valid.
 * A device code must not pass through here: its case matters.
 */
export function normalisePersonNumber(raw: string): string {
  return raw.normalize('NFKC').trim().toUpperCase();
}

/**
 * Reads a person number of any of the three kinds, normalising it first.
 * Source of form and checksum: the Ministry of the Interior's rules, as kept by `taiwan-id-validator`.
 */
export function parsePersonNumber(raw: string): ParsedPersonNumber | PersonNumberRefusal {
  const number = normalisePersonNumber(raw);
  const result = validateIdCardNumber(number);
  if (!result.valid) return { refusal: refusalOfReason[result.reason] };
  return { kind: kindOfCategory[result.category], number: number as PersonNumber };
}
