/** The invented people whom the demonstration introduces by name, each in a situation that one would want to try. */
import { addDays, type PlainDate } from '../../domain/civil-time/plain-date';
import { birthdayOf, type DemonstrationRecord, type InsuranceStanding } from './person-record';
import {
  syntheticCardNumber,
  syntheticMobile,
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from './synthetic-numbers';

/** Somebody to sign in as; numbers, card and mobile are the same in every demonstration. */
export interface DemonstrationPerson {
  readonly situation: string;
  readonly situationZh: string;
  readonly name: string;
  /** The number in use. */
  readonly personNumber: string;
  /** Numbers that the person had before and that still find them. */
  readonly earlierNumbers: readonly string[];
  readonly cardNumber: string;
  readonly mobile: string | null;
  /** The person as the registry knows them on that day. */
  onDay(today: PlainDate): DemonstrationRecord;
}

interface Description {
  readonly situation: string;
  readonly situationZh: string;
  readonly name: string;
  readonly numbers: readonly [string, ...string[]];
  readonly groups: readonly number[];
  readonly born: (today: PlainDate) => PlainDate;
  readonly doses?: (today: PlainDate) => DemonstrationRecord['previousDoses'];
  readonly noMobile?: boolean;
  readonly duplicateCleared?: boolean;
  readonly consents?: (today: PlainDate) => DemonstrationRecord['parentalConsents'];
  /** Most people are insured, owe nothing and got no new card of late; null: the registry does not say. */
  readonly standing?: ((today: PlainDate) => Partial<InsuranceStanding>) | null;
}

const aged =
  (years: number) =>
  (today: PlainDate): PlainDate =>
    birthdayOf(addDays(today, -40), years);

const descriptions: readonly Description[] = [
  {
    situation: 'elder who may register',
    situationZh: '可登記的長者',
    name: '甄健康',
    numbers: [syntheticNationalId('A', 'male', 2_345_678)],
    groups: [8],
    born: aged(72),
    standing: (today) => ({ issues: [{ issuedOn: addDays(today, -40), way: 'counter', reason: 'lost' }] }),
  },
  {
    situation: 'adult who may register',
    situationZh: '可登記的成人',
    name: '郝安心',
    numbers: [syntheticNationalId('B', 'female', 2_345_678)],
    groups: [10],
    born: aged(41),
    standing: () => ({ hasArrears: true }),
  },
  {
    situation: 'nurse who may book at once, without registering',
    situationZh: '可直接預約的護理師',
    name: '白以真',
    numbers: [syntheticNationalId('C', 'female', 2_345_678)],
    groups: [1],
    born: aged(34),
  },
  {
    situation: 'in no open group',
    situationZh: '非開放登記對象',
    name: '莊未開',
    numbers: [syntheticNationalId('D', 'male', 2_345_678)],
    groups: [],
    born: aged(28),
    standing: (today) => ({ insured: 'notInsured', lastNotInsuredOn: addDays(today, -75) }),
  },
  {
    situation: 'resident with a new UI number, who had an old one before',
    situationZh: '已換新式統一證號者',
    name: 'NGUYEN THI THANH HOA',
    numbers: [
      syntheticNewUiNumber('E', 'female', 'foreign', 345_678),
      syntheticOldUiNumber('E', 'D', 2_345_678),
    ],
    groups: [9],
    born: aged(37),
    standing: (today) => ({
      issues: [{ issuedOn: addDays(today, -100), way: 'post', reason: 'numberChanged' }],
    }),
  },
  {
    situation: 'resident with an old UI number only',
    situationZh: '持舊式統一證號者',
    name: 'JOHN SMITH',
    numbers: [syntheticOldUiNumber('F', 'C', 2_345_678)],
    groups: [8],
    born: aged(69),
    standing: (today) => ({ insured: 'suspended', lastNotInsuredOn: addDays(today, -400) }),
  },
  {
    situation: 'second AZ dose due today',
    situationZh: 'AZ 第二劑今日到期',
    name: '齊間隔',
    numbers: [syntheticNationalId('G', 'female', 2_345_678)],
    groups: [9],
    born: aged(55),
    doses: (today) => [{ product: 'AZ', givenOn: addDays(today, -56) }],
  },
  {
    situation: 'second Moderna dose not due before the round ends',
    situationZh: '莫德納第二劑本期未到期',
    name: '時未到',
    numbers: [syntheticNationalId('H', 'male', 2_345_678)],
    groups: [9],
    born: aged(52),
    doses: (today) => [{ product: 'Moderna', givenOn: addDays(today, -3) }],
  },
  {
    situation: 'no mobile of their own',
    situationZh: '沒有自己的手機',
    name: '吳手機',
    numbers: [syntheticNationalId('I', 'female', 2_345_678)],
    groups: [8],
    born: aged(83),
    noMobile: true,
  },
  {
    situation: 'name with a character outside the basic plane',
    situationZh: '姓名含罕用字',
    name: '陳𠮷䶮',
    numbers: [syntheticNationalId('J', 'male', 2_345_678)],
    groups: [10],
    born: aged(46),
  },
  {
    situation: 'name with a character that only the household system knows',
    situationZh: '姓名含造字',
    name: '林\u{E0A1}安',
    numbers: [syntheticNationalId('K', 'male', 2_345_678)],
    groups: [10],
    born: aged(47),
    standing: null,
  },
  {
    situation: 'name cut at the twenty bytes of old records',
    situationZh: '姓名遭截斷',
    // In full: MARIA CONCEPCION SANTOS DELA CRUZ.
    name: 'MARIA CONCEPCION SAN',
    numbers: [syntheticNewUiNumber('L', 'female', 'foreign', 345_679)],
    groups: [9],
    born: aged(39),
  },
  {
    situation: 'born on 29 February',
    situationZh: '二月二十九日出生',
    name: '閏年安',
    numbers: [syntheticNationalId('M', 'female', 2_345_678)],
    groups: [6],
    born: () => '1956-02-29',
  },
  {
    situation: 'may register in one round and book in the other',
    situationZh: '可登記亦可直接預約',
    name: '雙福氣',
    numbers: [syntheticNationalId('N', 'male', 2_345_678)],
    groups: [3, 9],
    born: aged(58),
  },
  {
    situation: 'of 16, whose guardian’s consent is missing',
    situationZh: '16 歲，尚缺監護人同意',
    name: '尤待簽',
    numbers: [syntheticNationalId('O', 'female', 2_345_678)],
    groups: [5],
    born: aged(16),
  },
  {
    situation: 'of 15, with a guardian’s consent',
    situationZh: '15 歲，監護人已同意',
    name: '游已允',
    numbers: [syntheticNationalId('P', 'male', 2_345_678)],
    groups: [5],
    born: aged(15),
    consents: (today) => [addDays(today, -5)],
  },
  {
    situation: 'first dose AZ; the second may be mRNA by a mixed intent',
    situationZh: '第一劑 AZ，可登記混打',
    name: '洪混安',
    numbers: [syntheticNationalId('Q', 'male', 2_345_678)],
    groups: [9],
    born: aged(48),
    doses: (today) => [{ product: 'AZ', givenOn: addDays(today, -80) }],
  },
  {
    situation: 'number once shared by two people, cleared, with a new card',
    situationZh: '證號曾重號、已釐清並換發新卡',
    name: '重復明',
    numbers: [syntheticNationalId('R', 'female', 2_345_678)],
    groups: [9],
    born: () => '1966-06-06',
    duplicateCleared: true,
    standing: (today) => ({
      issues: [{ issuedOn: addDays(today, -10), way: 'counter', reason: 'otherNhi' }],
    }),
  },
  {
    situation: 'child of 13, for whom the adult who may register acts as a parent',
    situationZh: '13 歲子女，可由「可登記的成人」代辦',
    name: '郝小福',
    numbers: [syntheticNationalId('S', 'male', 2_345_678)],
    groups: [5],
    born: aged(13),
    noMobile: true,
  },
];

const ordinary: InsuranceStanding = { insured: 'insured', hasArrears: false, issues: [] };

function known(description: Description, index: number): DemonstrationPerson {
  const {
    situation,
    situationZh,
    name,
    numbers,
    groups,
    born,
    doses,
    consents,
    standing,
    duplicateCleared = false,
    noMobile = false,
  } = description;
  const [personNumber, ...earlierNumbers] = numbers;
  const cardNumber = syntheticCardNumber(index + 1);
  const mobile = noMobile ? null : syntheticMobile(index + 1);
  return {
    ...{ situation, situationZh, name, personNumber, earlierNumbers, cardNumber, mobile },
    onDay: (today) => ({
      ...{ numbers, name, cardNumber, mobile, duplicateCleared, priorityGroups: groups },
      birthDate: born(today),
      previousDoses: doses?.(today) ?? [],
      parentalConsents: consents?.(today) ?? [],
      ...(standing !== null && { standing: { ...ordinary, ...standing?.(today) } }),
    }),
  };
}

/** Those to sign in as, the most ordinary first. */
export const demonstrationPeople: readonly DemonstrationPerson[] = descriptions.map(known);
