/** Some 2,000 invented people of the demonstration registry: those with a situation of their own first, then a crowd. */
import { addDays, type PlainDate } from '../../domain/civil-time/plain-date';
import { crowd } from './crowd';
import { demonstrationPeople } from './known-people';
import { birthdayOf, type DemonstrationRecord } from './person-record';
import { syntheticCardNumber, syntheticMobile, syntheticNationalId } from './synthetic-numbers';

/** Everybody in the registry on `today`. Numbers, cards and names are the same on every day; ages go with it. */
export function demonstrationRegistry(today: PlainDate): DemonstrationRecord[] {
  return [
    ...demonstrationPeople.map((person) => person.onDay(today)),
    ...peopleAtAgeLimits(today),
    ...peopleAtDoseIntervals(today),
    ...crowd(today),
  ];
}

/** Ages at which something begins or ends: vaccination at all, without consent, of age, and the booking bands. */
const ageLimits = [12, 18, 20, 50, 65] as const;

/** Of each limit one who reaches it today and one who does so tomorrow. */
function peopleAtAgeLimits(today: PlainDate): DemonstrationRecord[] {
  return ageLimits.flatMap((age, index) =>
    [0, 1].map((daysLeft) => {
      const serial = 200 + index * 2 + daysLeft;
      return {
        numbers: [syntheticNationalId('F', daysLeft === 0 ? 'male' : 'female', serial)],
        name: daysLeft === 0 ? '林滿歲' : '林將滿',
        birthDate: birthdayOf(addDays(today, daysLeft), age),
        cardNumber: syntheticCardNumber(serial),
        priorityGroups: [5],
        previousDoses: [],
        mobile: syntheticMobile(serial),
      };
    }),
  );
}

/** Intervals that the rounds know, by product and by the number of the last dose. */
const intervals = [
  { doses: ['AZ'], days: 56 },
  { doses: ['Moderna'], days: 28 },
  { doses: ['BNT'], days: 28 },
  { doses: ['AZ', 'AZ'], days: 84 },
  { doses: ['Moderna', 'Moderna'], days: 84 },
] as const;

/** Days that are left of the interval: none since today, one, some within the sessions, more than the round lasts. */
const daysLeftOfInterval = [0, 1, 7, 25] as const;

function peopleAtDoseIntervals(today: PlainDate): DemonstrationRecord[] {
  return intervals.flatMap(({ doses, days }, index) =>
    daysLeftOfInterval.map((daysLeft, place) => {
      const serial = 300 + index * daysLeftOfInterval.length + place;
      const lastOn = addDays(today, daysLeft - days);
      return {
        numbers: [syntheticNationalId('H', 'female', serial)],
        name: '黃間隔',
        birthDate: birthdayOf(today, 30 + index * 10),
        cardNumber: syntheticCardNumber(serial),
        priorityGroups: [9],
        previousDoses: doses.map((product, dose) => ({
          product,
          givenOn: addDays(lastOn, -90 * (doses.length - 1 - dose)),
        })),
        mobile: syntheticMobile(serial),
      };
    }),
  );
}
