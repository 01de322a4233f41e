/** `people.csv`: whom the simulated insurance registry knows. What stands in a line is never repeated in a reason. */
import { cardIssueReasons, cardIssueWays, insuredStates } from '../../domain/card-account/card-standing';
import { longestAddress, parseHouseholdNumber } from '../../domain/card-account/household';
import { isPlainDate } from '../../domain/civil-time/plain-date';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parseMobile } from '../../domain/person-number/mobile';
import {
  parsePersonNumber,
  type ParsedPersonNumber,
  type PersonNumberRefusal,
} from '../../domain/person-number/person-number';
import { dateReason, type LineFields } from './line-fields';
import type { LineContext } from './line-files';
import type { LineFile } from './staging';

const earliestBirth = '1880-01-01';
const mostDoses = 9;

/**
 * Lists are separated by semicolons: numbers (the one in use first), groups, doses (`AZ 2021-06-01`, in their order),
 * consents (`2021-08-30`, or `BNT 2021-08-30` to one vaccine only).
 */
export const personFile: LineFile<LineContext> = {
  file: 'people.csv',
  required: [
    'numbers',
    'name',
    'birth_date',
    'card_number',
    'priority_groups',
    'previous_doses',
    'mobile_contract',
  ],
  optional: [
    ...['parental_consents', 'duplicate_cleared', 'household_number', 'registered_address'],
    ...['insured', 'last_not_insured_on', 'arrears', 'card_issues'],
  ],
  table: 'staged_person',
  tableColumns: [
    ...['numbers text[]', 'kinds text[]', 'name text', 'birth_date date', 'card_number text'],
    ...['priority_groups smallint[]', 'dose_products text[]', 'dose_dates date[]', 'mobile_contract text'],
    'parental_consents jsonb',
    'duplicate_cleared boolean',
    ...['household_number text', 'registered_address text'],
    ...['insured text', 'last_not_insured_on date', 'has_arrears boolean', 'card_issues jsonb'],
  ],
  read: (fields, context) => {
    const numbers = numbersOf(fields);
    const birthDate = birthDateOf(fields, context.today);
    const doses = dosesOf(fields, context, birthDate);
    return [
      numbers.map(({ number }) => number),
      numbers.map(({ kind }) => kind),
      fields.text('name', 100),
      birthDate,
      cardNumberOf(fields),
      groupsOf(fields),
      doses.map(({ product }) => product),
      doses.map(({ givenOn }) => givenOn),
      mobileContractOf(fields),
      JSON.stringify(consentsOf(fields, context)),
      duplicateClearedOf(fields),
      ...householdOf(fields),
      ...standingOf(fields, context),
    ];
  },
};

const numberReasons: Readonly<Record<PersonNumberRefusal['refusal'], string>> = {
  personNumberLengthWrong: 'must have ten characters',
  personNumberFormWrong: 'is neither a national ID nor an old or new UI number',
  personNumberChecksumWrong: 'has a wrong check digit',
};

function numbersOf(fields: LineFields): ParsedPersonNumber[] {
  const parts = fields.list('numbers');
  if (parts.length === 0) fields.wrong('numbers', 'is empty');
  return parts.flatMap((part, index) => {
    const parsed = parsePersonNumber(part);
    if (!('refusal' in parsed)) return [parsed];
    const which = parts.length > 1 ? `number ${index + 1} of ${parts.length} ` : '';
    fields.wrong('numbers', `${which}${numberReasons[parsed.refusal]}`);
    return [];
  });
}

/** Both or neither: one alone confirms nothing. */
function householdOf(fields: LineFields): readonly [string | null, string | null] {
  const [number, address] = [fields.raw('household_number'), fields.raw('registered_address')];
  if (number === '' && address === '') return [null, null];
  const parsed = parseHouseholdNumber(number);
  if ('refusal' in parsed) fields.wrong('household_number', 'must be a letter code and digits, 8 characters');
  if (address.trim() === '') fields.wrong('registered_address', 'is empty beside a household number');
  else if (address.length > longestAddress) fields.wrong('registered_address', 'is too long');
  return ['refusal' in parsed ? null : parsed.householdNumber, address.trim()];
}

function birthDateOf(fields: LineFields, today: string): string | null {
  const date = fields.date('birth_date');
  if (date === null) return null;
  if (date > today) return fields.wrong('birth_date', 'lies in the future');
  return date >= earliestBirth
    ? date
    : fields.wrong('birth_date', `lies before ${earliestBirth}; is it a year of the Republic?`);
}

function cardNumberOf(fields: LineFields): string | null {
  const parsed = parseCardNumber(fields.raw('card_number'));
  return 'refusal' in parsed ? fields.wrong('card_number', 'must have twelve digits') : parsed.cardNumber;
}

function groupsOf(fields: LineFields): number[] {
  const groups = fields.list('priority_groups').map((part) => (/^\d{1,2}$/.test(part) ? Number(part) : 0));
  if (groups.some((group) => group < 1 || group > 10)) {
    fields.wrong('priority_groups', 'must be numbers from 1 to 10, separated by semicolons');
  }
  return [...new Set(groups)].sort((a, b) => a - b);
}

interface EarlierDose {
  readonly product: string;
  readonly givenOn: string;
}

function dosesOf(fields: LineFields, { round, today }: LineContext, birthDate: string | null): EarlierDose[] {
  const column = 'previous_doses';
  const parts = fields.list(column);
  if (parts.length > mostDoses) fields.wrong(column, `holds more than ${mostDoses} doses`);
  const doses = parts.flatMap((part) => {
    const [, product = '', givenOn = ''] = /^([A-Za-z0-9-]{1,20})\s+(\S+)$/.exec(part) ?? [];
    if (product === '') fields.wrong(column, 'must be written like AZ 2021-06-01; Moderna 2021-09-01');
    else if (!isPlainDate(givenOn)) fields.wrong(column, dateReason);
    else if (givenOn > today) fields.wrong(column, 'a dose lies in the future');
    else if (birthDate !== null && givenOn < birthDate) fields.wrong(column, 'a dose lies before the birth');
    else if (round && !round.vaccines.some((vaccine) => vaccine.product === product)) {
      fields.wrong(column, `${product} is not among the vaccines of round.json`);
    } else return [{ product, givenOn }];
    return [];
  });
  if (doses.some(({ givenOn }, index) => givenOn <= (doses[index - 1]?.givenOn ?? ''))) {
    fields.wrong(column, 'doses must be in the order in which they were given, no two on one day');
  }
  return doses;
}

interface Consent {
  readonly product: string | null;
  readonly consentedOn: string;
}

/** In one order, whatever that of the line, so that the same consents read the same. */
function consentsOf(fields: LineFields, { round, today }: LineContext): Consent[] {
  const column = 'parental_consents';
  const consents = fields.list(column).flatMap((part): Consent[] => {
    const [, product = null, consentedOn = ''] = /^(?:([A-Za-z0-9-]{1,20})\s+)?(\S+)$/.exec(part) ?? [];
    if (!isPlainDate(consentedOn)) fields.wrong(column, 'must be written like 2021-08-30 or BNT 2021-08-30');
    else if (consentedOn > today) fields.wrong(column, 'a consent lies in the future');
    else if (product !== null && round && !round.vaccines.some((vaccine) => vaccine.product === product)) {
      fields.wrong(column, `${product} is not among the vaccines of round.json`);
    } else return [{ product, consentedOn }];
    return [];
  });
  const inOrder = (a: Consent, b: Consent): number =>
    `${a.consentedOn} ${a.product ?? ''}` < `${b.consentedOn} ${b.product ?? ''}` ? -1 : 1;
  return consents.toSorted(inOrder);
}

function duplicateClearedOf(fields: LineFields): boolean | null {
  const said = fields.raw('duplicate_cleared');
  return said === '' || said === 'yes'
    ? said === 'yes'
    : fields.wrong('duplicate_cleared', 'must be yes, or empty');
}

/** Insurance and cards; what is empty the registry does not say. */
function standingOf(
  fields: LineFields,
  { today }: LineContext,
): readonly [string | null, string | null, boolean | null, string] {
  const insured = fields.raw('insured');
  if (insured !== '' && !insuredStates.some((state) => state === insured)) {
    fields.wrong('insured', `must be one of ${insuredStates.join(', ')}, or empty`);
  }
  const lastDay = fields.raw('last_not_insured_on');
  if (lastDay !== '' && !isPlainDate(lastDay)) fields.wrong('last_not_insured_on', dateReason);
  const arrears = fields.raw('arrears');
  if (!['', 'yes', 'no'].includes(arrears)) fields.wrong('arrears', 'must be yes, no, or empty');
  const issues = fields.list('card_issues').flatMap((part) => {
    const [issuedOn = '', way, reason] = part.split(/\s+/);
    const known =
      cardIssueWays.some((each) => each === way) && cardIssueReasons.some((each) => each === reason);
    if (!isPlainDate(issuedOn) || !known) {
      fields.wrong('card_issues', 'must be written like 2026-03-02 counter lost');
    } else if (issuedOn > today) fields.wrong('card_issues', 'a card was issued in the future');
    else return [{ issuedOn, way, reason }];
    return [];
  });
  return [
    ...([insured || null, lastDay || null] as const),
    ...([arrears === '' ? null : arrears === 'yes', JSON.stringify(issues)] as const),
  ];
}

function mobileContractOf(fields: LineFields): string | null {
  const raw = fields.raw('mobile_contract');
  if (raw === '') return null;
  const parsed = parseMobile(raw);
  return 'refusal' in parsed
    ? fields.wrong('mobile_contract', 'must be a Taiwan mobile number like 0912345678, or empty')
    : parsed.mobile;
}
