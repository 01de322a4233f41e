/** Rounds about to be settled and the people in them, for tests of settlements. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';

import { addDays } from '../../domain/civil-time/plain-date';
import { assign } from '../../domain/settlement/assignment';
import { candidateFor, type CandidateFacts } from '../../domain/settlement/eligibility';
import { getRound } from '../../ledger/round';
import { lotOf } from '../../ledger/settlement-evidence';
import { at, firstDay, hour, type LedgerWorld } from './ledger-world';

/** Someone who registers, as a test wants them. */
export interface Draft {
  readonly countyCode: string;
  readonly priorityGroup: number;
  readonly birthDate: string;
  readonly products: readonly string[];
  readonly lastDose: { readonly product: string; readonly daysAgo: number; readonly number: number } | null;
  readonly waitedFor: readonly string[];
  readonly mixedIntent: boolean;
  /** A guardian's consents; null: to whichever product. */
  readonly consents: readonly (string | null)[];
}

export const products = ['Moderna', 'AZ'];
export const counties = ['63000', '64000'];

/** Ages at the edges of the windows, and one day beside them. */
const birthDates = [
  '1929-07-01',
  '1930-02-28',
  '1966-07-01',
  '1966-07-02',
  '1981-12-31',
  '2011-07-01',
  '2011-07-02',
  '2013-07-01',
  '2013-07-02',
  '2004-02-29',
];
/** Up to 25 people who meet in every way in which a settlement tells people apart. */
export const drafts = fc.array(
  fc.record({
    countyCode: fc.constantFrom(...counties),
    priorityGroup: fc.constantFrom(5, 9),
    // Often the same, so that wait and lot have something to decide.
    birthDate: fc.oneof(
      { arbitrary: fc.constant('1930-02-28'), weight: 2 },
      { arbitrary: fc.constantFrom(...birthDates), weight: 1 },
    ),
    products: fc.subarray(products, { minLength: 1 }),
    lastDose: fc.option(
      fc.record({
        product: fc.constantFrom(...products),
        daysAgo: fc.constantFrom(20, 21, 22, 23, 24, 50, 51, 90),
        number: fc.constantFrom(1, 2),
      }),
      { freq: 3 },
    ),
    waitedFor: fc.subarray(products),
    mixedIntent: fc.boolean(),
    consents: fc.subarray([null, ...products]),
  }),
  { minLength: 1, maxLength: 25, size: 'max' },
);
/** Doses of Moderna, then of AZ, in two counties. */
export const supplies = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 4, maxLength: 4 });

/** A round whose registration is over at the world's time, with windows for 12 and over (Moderna) and 65 to 101 (AZ). */
export async function roundToSettle(world: LedgerWorld, doses: readonly number[]): Promise<string> {
  const roundId = `s-${randomUUID().slice(0, 12)}`;
  await world.round({ roundId, kind: 'rankThenInvite' });
  await sql`delete from booking_window where round_id = ${roundId}`.execute(world.ledger.db);
  await sql`insert into booking_window (round_id, product, age_from, age_to, opens_at, closes_at) values
    (${roundId}, 'Moderna', 12, 17, ${at(2, 14 * hour)}, ${at(3, 12 * hour)}),
    (${roundId}, 'Moderna', 18, 64, ${at(1, 14 * hour)}, ${at(3, 12 * hour)}),
    (${roundId}, 'Moderna', 65, 150, ${at(1, 10 * hour)}, ${at(3, 12 * hour)}),
    (${roundId}, 'AZ', 65, 101, ${at(1, 10 * hour)}, ${at(3, 12 * hour)})`.execute(world.ledger.db);
  for (const [index, county] of ['63000', '64000', '63000', '64000'].entries()) {
    await sql`insert into supply values (${roundId}, ${products[Math.floor(index / 2)]}, ${county}, ${doses[index] ?? 0})`.execute(
      world.ledger.db,
    );
  }
  await sql`insert into dose_interval (round_id, from_product, to_product, dose_number, interval_days, needs_mixed_intent)
    values (${roundId}, 'AZ', 'Moderna', 2, 28, true)`.execute(world.ledger.db);
  await world.slot({ siteId: 'S1', capacity: 9, roundId, product: 'Moderna', day: 5 });
  await world.slot({ siteId: 'S1', capacity: 9, roundId, product: 'AZ', day: 5 });
  return roundId;
}

/** Another such round, from which registrations are carried over. */
export async function earlierRound(world: LedgerWorld): Promise<string> {
  return world.round({ roundId: `e-${randomUUID().slice(0, 12)}`, kind: 'rankThenInvite' });
}

/** Registers these people in the round, and in `from` those who waited; by their keys. */
export async function populate(
  world: LedgerWorld,
  roundId: string,
  from: string,
  people: readonly Draft[],
): Promise<Map<string, Draft>> {
  const byKey = new Map<string, Draft>();
  for (const draft of people) {
    const personKey = await world.person({ birthDate: draft.birthDate, groups: [draft.priorityGroup] });
    byKey.set(personKey, draft);
    if (draft.lastDose) {
      for (let number = 1; number <= draft.lastDose.number; number += 1) {
        await world.dose(
          personKey,
          number,
          draft.lastDose.product,
          addDays(firstDay, -draft.lastDose.daysAgo),
        );
      }
    }
    for (const product of draft.consents) {
      await sql`insert into parental_consent (person_key, product, consented_on, recorded_by)
        values (${personKey}::uuid, ${product}, ${firstDay}::date, 'operator:test')`.execute(world.ledger.db);
    }
    const contactId = await world.contact(personKey);
    const rounds = draft.waitedFor.length > 0 ? [from, roundId] : [roundId];
    for (const id of rounds) {
      await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
        values (${personKey}::uuid, ${id}, 1, 'registered', 'register')`.execute(world.ledger.db);
      await sql`insert into registration
          (person_key, round_id, contact_id, county_code, district_code, products, priority_group, mixed_intent, carried_from)
        values (${personKey}::uuid, ${id}, ${contactId}::uuid, ${draft.countyCode}, ${`${draft.countyCode}010`},
          ${[...(id === from ? draft.waitedFor : draft.products)]}::text[], ${draft.priorityGroup}, ${draft.mixedIntent},
          ${id === roundId && rounds.length === 2 ? from : null})`.execute(world.ledger.db);
    }
  }
  return byKey;
}

/** The facts of a settlement about someone, as the domain takes them. */
export function factsOf(roundId: string, personKey: string, draft: Draft): CandidateFacts {
  const { lastDose } = draft;
  return {
    ...{ countyCode: draft.countyCode, priorityGroup: draft.priorityGroup, birthDate: draft.birthDate },
    ...{ products: draft.products, waitedFor: draft.waitedFor, mixedIntent: draft.mixedIntent },
    lot: lotOf(roundId, personKey),
    lastDose: lastDose && {
      doseNumber: lastDose.number,
      product: lastDose.product,
      givenOn: addDays(firstDay, -lastDose.daysAgo),
    },
    consentedTo: draft.consents.toSorted((a, b) => ((a ?? '*') < (b ?? '*') ? -1 : 1)),
  };
}

/** What the pure rules come to for the same people. */
export async function expected(
  world: LedgerWorld,
  roundId: string,
  people: ReadonlyMap<string, Draft>,
  doses: readonly number[],
) {
  const lastDay = addDays(firstDay, 5);
  const rules = {
    round: await getRound(world.ledger.db, roundId),
    lastSessionOn: { Moderna: lastDay, AZ: lastDay },
    supply: products.flatMap((product, p) =>
      counties.map((countyCode, c) => ({ product, countyCode, doses: doses[p * 2 + c] ?? 0 })),
    ),
  };
  const candidates = [...people].map(([personKey, draft]) => ({
    ...candidateFor(rules, factsOf(roundId, personKey, draft)),
    personKey,
  }));
  return assign(products, candidates, rules.supply);
}
