/** The rounds of a fault run: one to book in now, with windows of their own for each fault, and one to register for. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
  type PlainDate,
} from '../../domain/civil-time/plain-date';
import { csvText } from '../demo-data/csv-text';
import { personColumns } from '../demo-data/person-record';
import { sessionColumns, siteColumns, supplyColumns } from '../demo-data/sites';
import { syntheticCardNumber, syntheticMobile, syntheticNationalId } from '../demo-data/synthetic-numbers';
import { importFolder } from '../import/import-folder';
import type { RoundFile } from '../import/round-file';

/** An invented person; the same serial is the same person. */
export interface FaultPerson {
  readonly name: string;
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly mobile: string;
}

/** A name that stands in no other text, so that it is found wherever it leaks to. */
const canaryName = '金絲雀鳴';

export function faultPerson(serial: number): FaultPerson {
  return {
    name: canaryName,
    personNumber: syntheticNationalId('P', 'female', serial),
    cardNumber: syntheticCardNumber(80_000 + serial),
    mobile: syntheticMobile(80_000 + serial),
  };
}

export const bookingRound = 'faults-booking';
export const registrationRound = 'faults-registering';
export const siteId = 'F1';
/** Districts in which the clients register by turns, so that each change is one. */
export const districts = ['63000020', '63000030'] as const;
export const product = 'Moderna';

/** One day of windows a fault, one after another; the first is the day after tomorrow. */
export const faultDays = 60;
const windows = ['09:00-12:00', '14:00-17:00', '18:00-20:00'];
/** Fewer places than clients, so that some are refused. */
const capacity = 6;
const hourMs = 3_600_000;

/** The day whose windows belong to the fault of that place. */
export function dayOf(now: Instant, place: number): PlainDate {
  if (place >= faultDays) throw new RangeError(`there are days for ${String(faultDays)} faults only`);
  return addDays(taipeiDateOf(now), 2 + place);
}

/** Loads both rounds with these people; `now` is the instant at which the run began. */
export async function loadFaultRounds(
  databaseUrl: string,
  now: Instant,
  people: readonly FaultPerson[],
): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-faults-files-'));
  try {
    for (const files of [bookingFiles(now, people), registrationFiles(now, people)]) {
      for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
      await importFolder(databaseUrl, folder);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Files = Readonly<Record<string, string>>;

function bookingFiles(now: Instant, people: readonly FaultPerson[]): Files {
  const days = Array.from({ length: faultDays }, (_, place) => dayOf(now, place));
  return filesOf(people, days, {
    roundId: bookingRound,
    kind: 'bookIfEligible',
    nameZh: '故障演練預約',
    nameEn: 'Fault run, booking',
    ...timesOf(now, addMs(now, -hourMs), days),
  });
}

/** Stays open for registration on all the days over which the ledger's clock is stepped. */
function registrationFiles(now: Instant, people: readonly FaultPerson[]): Files {
  const first = addDays(dayOf(now, faultDays - 1), 20);
  const endsAt = taipeiInstant(addDays(first, -10), 0);
  return filesOf(people, [first], {
    roundId: registrationRound,
    kind: 'rankThenInvite',
    nameZh: '故障演練登記',
    nameEn: 'Fault run, registering',
    registration: { opensAt: addMs(now, -hourMs), endsAt, settlesAt: addMs(endsAt, hourMs) },
    ...timesOf(now, addMs(endsAt, 24 * hourMs), [first]),
  });
}

function timesOf(now: Instant, opensAt: Instant, days: readonly PlainDate[]): Partial<RoundFile> {
  const last = days.at(-1) ?? taipeiDateOf(now);
  return {
    openGroups: [9],
    allProductsPreselected: true,
    ageReckonedOn: taipeiDateOf(now),
    products: [product],
    vaccines: [{ product, nameZh: '莫德納疫苗', nameEn: 'Moderna' }],
    doseIntervals: [{ from: product, to: product, doseNumber: 2, days: 28 }],
    sessionDates: { first: days[0] ?? last, last },
    bookingWindows: [{ product, ageFrom: 18, ageTo: 150, opensAt, closesAt: taipeiInstant(last, 8 * 60) }],
  };
}

function filesOf(
  people: readonly FaultPerson[],
  days: readonly PlainDate[],
  round: Partial<RoundFile>,
): Files {
  return {
    'round.json': JSON.stringify(round),
    'sites.csv': csvText(siteColumns, [
      {
        ...{ site_id: siteId, name_zh: '演練診所', name_en: 'Fault Clinic', district_code: districts[0] },
        ...{ address_zh: '臺北市信義區演練路1號', address_en: '1 Fault Rd., Taipei' },
        ...{ phone: '02-0000-0001', note_zh: '', note_en: '' },
      },
    ]),
    'sessions.csv': csvText(
      sessionColumns,
      days.flatMap((date) => windows.map((window) => ({ site_id: siteId, date, window, product, capacity }))),
    ),
    'supply.csv': csvText(supplyColumns, [{ product, county_code: '63000', doses: 100_000 }]),
    'people.csv': csvText(
      personColumns,
      people.map(({ personNumber, name, cardNumber, mobile }) => ({
        ...{ numbers: personNumber, name, birth_date: '1980-05-17', card_number: cardNumber },
        ...{
          priority_groups: 9,
          previous_doses: '',
          mobile_contract: mobile,
          parental_consents: '',
          duplicate_cleared: '',
          household_number: '',
          registered_address: '',
          insured: '',
          last_not_insured_on: '',
          arrears: '',
          card_issues: '',
        },
      })),
    ),
  };
}
