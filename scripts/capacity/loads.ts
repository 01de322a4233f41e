/** The peaks that were really seen, as the ways of other countries and of the original platform are on record. */

/** What comes in a second; what is not named does not come. */
export interface Load {
  readonly name: string;
  readonly registrations?: number;
  readonly bookings?: number;
  /** Text messages given to the gateway. */
  readonly texts?: number;
  /** Lists and pages read. */
  readonly readings?: number;
}

const hour = 3_600;

/** A reading for every act at least, and ten before a booking: people look for a window. */
export const readingsOfAnAct = { registration: 3, booking: 10 } as const;

export const peaks: readonly Load[] = [
  { name: '1922, 6 July 2021: 1.48 M registrations in 22 h', registrations: 1_480_000 / (22 * hour) },
  { name: '1922, 13 July: 1.678 M registrations in 4 h', registrations: 117 },
  {
    name: '1922, 20 July: 762 k bookings and 1.529 M texts in 4 h 40 min',
    bookings: 762_000 / (4 * hour + 40 * 60),
    texts: 1_529_000 / (4 * hour + 40 * 60),
  },
  { name: '1922, 28 August: 1.98 M registrations in 3 h', registrations: 183 },
  {
    name: 'CoWIN, 28 April 2021: 740 registrations/s, 1,340 texts/s, 55 k reads/s',
    registrations: 740,
    texts: 1_340,
    readings: 55_000,
  },
  { name: 'Doctolib: 20,000 bookings a minute', bookings: 20_000 / 60 },
  { name: 'NHS: 150 k bookings an hour', bookings: 150_000 / hour },
  { name: 'Masks, 09:00: 200 k hits, taken as one minute', readings: 200_000 / 60 },
];

/** The country: as many registered, and as many are invited, reminded, vaccinated. */
export const country = { registrants: 14_000_000, peak: 183, carriedWithinHours: 24 } as const;
