/** The crowd of the demonstration registry: people of all ages, kinds of number and groups, chosen from a seed. */
import { addDays, type PlainDate } from '../../domain/civil-time/plain-date';
import { birthdayOf, type DemonstrationRecord } from './person-record';
import { seededChoice, type SeededChoice } from './seeded-choice';
import {
  newUiHolders,
  numberLetters,
  syntheticCardNumber,
  syntheticMobile,
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
  type Sex,
} from './synthetic-numbers';

const crowdSize = 1_960;
/** Serial numbers below this belong to people with a situation of their own. */
const firstSerial = 1_000;

const surnames = Array.from(
  '陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧',
);
const compoundSurnames = ['歐陽', '司馬', '張簡', '范姜'] as const;
const givenCharacters = Array.from(
  '志明淑芬雅婷家豪怡君俊傑美玲建宏佳穎冠宇欣怡宗翰惠雯柏翰靜宜文彬秀英承恩詠晴品妍',
);
/** Of the extension blocks of Unicode and of the household system's own characters. */
const rareCharacters = ['𠮷', '䶮', '𡘙', '𤧛', '\u{E0A1}', '\u{E1B2}'] as const;

const indigenousNames = ['谷辣斯‧尤達卡', '瓦歷斯‧諾幹', '撒可努', '阿妮塔‧卡照'] as const;
const foreignNames = [
  ...['TRAN VAN DUC', 'PHAM THI LAN', 'LE MINH TUAN', 'SITI NURHALIZA BINTI', 'DEWI LESTARI', 'BUDI SANTOSO'],
  ...['JOSE MARI DELOS REYE', 'ANA LIZA BAUTISTA', 'SOMCHAI SRISUK', 'WIPADA CHAIYASAN', 'MARY O’CONNOR'],
  ...['Jean-Luc Martin', 'YAMADA TARO', 'KIM MIN-JUN'],
] as const;

/** Everybody of the crowd on `today`; the seed alone decides who they are, the day only when they were born. */
export function crowd(today: PlainDate): DemonstrationRecord[] {
  const choice = seededChoice(20_210_706);
  return Array.from({ length: crowdSize }, (_, index) => oneOfMany(choice, firstSerial + index, today));
}

function oneOfMany(choice: SeededChoice, serial: number, today: PlainDate): DemonstrationRecord {
  const sex = choice.oneOf(['male', 'female'] as const);
  const numbers = numbersOf(choice, sex, serial);
  const age = choice.integer(5, 98);
  const hasMobile = age >= 12 && !choice.onceIn(9);
  const birthDate = birthdayOf(addDays(today, -choice.integer(1, 364)), age);
  return {
    numbers,
    name: isNational(numbers) ? chineseName(choice) : choice.oneOf(foreignNames),
    birthDate: choice.onceIn(80) ? leapDayNear(birthDate) : birthDate,
    cardNumber: syntheticCardNumber(serial),
    priorityGroups: groupsOf(choice, age),
    previousDoses: age < 12 ? [] : dosesOf(choice, today),
    mobile: hasMobile ? syntheticMobile(serial) : null,
    // Of five young people four have brought the form back; the seed's other choices stay what they were.
    parentalConsents: age >= 12 && age <= 19 && serial % 5 > 0 ? [addDays(today, -10)] : [],
  };
}

/** Of a hundred people some 84 have a national ID, 11 a new UI number, a third of them with an old one too, 5 only an old one. */
function numbersOf(choice: SeededChoice, sex: Sex, serial: number): string[] {
  const letter = choice.oneOf(numberLetters);
  const holder = choice.oneOf(newUiHolders);
  const old = syntheticOldUiNumber(letter, sex === 'male' ? 'C' : 'D', serial);
  const share = choice.integer(1, 100);
  if (share <= 84) return [syntheticNationalId(letter, sex, serial)];
  const current = syntheticNewUiNumber(letter, sex, holder, serial);
  if (share <= 91) return [current];
  return share <= 95 ? [current, old] : [old];
}

function isNational([number = '']: readonly string[]): boolean {
  return /^[A-Z][12]/.test(number);
}

function chineseName(choice: SeededChoice): string {
  if (choice.onceIn(60)) return choice.oneOf(indigenousNames);
  const surname = choice.onceIn(50) ? choice.oneOf(compoundSurnames) : choice.oneOf(surnames);
  const character = (): string =>
    choice.onceIn(70) ? choice.oneOf(rareCharacters) : choice.oneOf(givenCharacters);
  return choice.onceIn(20) ? surname + character() : surname + character() + character();
}

/** 29 February of the leap year at or before. */
function leapDayNear(date: PlainDate): PlainDate {
  const year = Number(date.slice(0, 4));
  return `${year - (year % 4)}-02-29`;
}

function groupsOf(choice: SeededChoice, age: number): number[] {
  const groups: number[] = [];
  if (age >= 75) groups.push(6);
  if (age >= 65) groups.push(8);
  if (age >= 18 && age < 65 && choice.onceIn(12)) groups.push(choice.oneOf([1, 2, 3, 7]));
  if (age >= 12 && age < 65 && choice.onceIn(8)) groups.push(5);
  if (age >= 18 && age < 65 && choice.onceIn(4)) groups.push(9);
  if (age >= 50 && age < 65) groups.push(10);
  if (choice.onceIn(60)) groups.push(4);
  return [...new Set(groups)].sort((a, b) => a - b);
}

function dosesOf(choice: SeededChoice, today: PlainDate): DemonstrationRecord['previousDoses'] {
  const count = choice.oneOf([0, 0, 0, 1, 1, 2]);
  const product = choice.oneOf(['AZ', 'Moderna', 'BNT']);
  const lastOn = addDays(today, -choice.integer(5, 200));
  return Array.from({ length: count }, (_, dose) => ({
    product,
    givenOn: addDays(lastOn, -choice.integer(60, 90) * (count - 1 - dose)),
  }));
}
