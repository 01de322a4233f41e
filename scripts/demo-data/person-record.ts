/** One person of the demonstration registry, and how they stand in `people.csv`. */
import type { CardIssueReason, CardIssueWay, InsuredState } from '../../domain/card-account/card-standing';
import type { PlainDate } from '../../domain/civil-time/plain-date';
import { syntheticHouseholdNumber, syntheticRegisteredAddress } from './synthetic-numbers';

export const personColumns = [
  ...(['numbers', 'name', 'birth_date', 'card_number', 'priority_groups', 'previous_doses'] as const),
  ...(['mobile_contract', 'parental_consents', 'duplicate_cleared'] as const),
  ...(['household_number', 'registered_address'] as const),
  ...(['insured', 'last_not_insured_on', 'arrears', 'card_issues'] as const),
] as const;
export type PersonRecord = Readonly<Record<(typeof personColumns)[number], string>>;

/** A person before they are written down. */
export interface DemonstrationRecord {
  /** The one in use first. */
  readonly numbers: readonly string[];
  readonly name: string;
  readonly birthDate: PlainDate;
  readonly cardNumber: string;
  readonly priorityGroups: readonly number[];
  readonly previousDoses: readonly { readonly product: string; readonly givenOn: PlainDate }[];
  readonly mobile: string | null;
  /** Days on which a guardian agreed, to whichever vaccine. */
  readonly parentalConsents?: readonly PlainDate[];
  /** The number was a duplicate, was cleared, and the card is a new one. */
  readonly duplicateCleared?: boolean;
  /** Left out for whom the registry says nothing. */
  readonly standing?: InsuranceStanding;
}

/** How somebody stands with the insurance, and the cards made for them. */
export interface InsuranceStanding {
  readonly insured: InsuredState;
  readonly lastNotInsuredOn?: PlainDate;
  readonly hasArrears: boolean;
  readonly issues: readonly {
    readonly issuedOn: PlainDate;
    readonly way: CardIssueWay;
    readonly reason: CardIssueReason;
  }[];
}

export function personRecord(person: DemonstrationRecord): PersonRecord {
  const { householdNumber, registeredAddress } = householdOf(person.cardNumber);
  return {
    numbers: person.numbers.join('; '),
    name: person.name,
    birth_date: person.birthDate,
    card_number: person.cardNumber,
    priority_groups: person.priorityGroups.join(';'),
    previous_doses: person.previousDoses.map(({ product, givenOn }) => `${product} ${givenOn}`).join('; '),
    mobile_contract: person.mobile ?? '',
    parental_consents: (person.parentalConsents ?? []).join('; '),
    duplicate_cleared: person.duplicateCleared ? 'yes' : '',
    household_number: householdNumber,
    registered_address: registeredAddress,
    ...standingFields(person.standing),
  };
}

function standingFields(standing: InsuranceStanding | undefined) {
  if (!standing) return { insured: '', last_not_insured_on: '', arrears: '', card_issues: '' };
  const { insured, lastNotInsuredOn = '', hasArrears, issues } = standing;
  return {
    insured,
    last_not_insured_on: lastNotInsuredOn,
    arrears: hasArrears ? 'yes' : 'no',
    card_issues: issues.map(({ issuedOn, way, reason }) => `${issuedOn} ${way} ${reason}`).join('; '),
  };
}

/** What stands in the household register of whoever has that card; the same on every day. */
export function householdOf(cardNumber: string) {
  const serial = Number(cardNumber.slice(-8));
  return {
    householdNumber: syntheticHouseholdNumber(serial),
    registeredAddress: syntheticRegisteredAddress(serial),
  };
}

/** The day of birth of somebody who becomes `age` on `day`; a 29 February without its like becomes 1 March. */
export function birthdayOf(day: PlainDate, age: number): PlainDate {
  const year = Number(day.slice(0, 4)) - age;
  const leap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
  return day.endsWith('-02-29') && !leap ? `${year}-03-01` : `${year}${day.slice(4)}`;
}
