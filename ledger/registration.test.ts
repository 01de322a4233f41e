import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { addDays } from '../domain/civil-time/plain-date';
import { at, firstDay, hour, LedgerWorld } from '../test/builders/ledger-world';
import { readHistory } from './audit';
import {
  register,
  readRegistration,
  withdraw,
  type RegistrationView,
  type RegistrationWish,
} from './registration';

let world: LedgerWorld;
let roundId: string;
beforeAll(async () => {
  world = await LedgerWorld.create();
  roundId = await world.round({ kind: 'rankThenInvite' });
  await opening(roundId, at(-1, 0), at(3, 0));
  const siteId = await world.site('R1');
  await world.slot({ siteId, capacity: 5, day: 5, product: 'Moderna', roundId });
  await world.slot({ siteId, capacity: 5, day: 8, product: 'AZ', roundId });
});
afterAll(() => world.close());

const db = () => world.ledger.db;

async function opening(id: string, opensAt: string, endsAt: string): Promise<void> {
  await sql`update round set registration_opens_at = ${opensAt}, registration_ends_at = ${endsAt},
    settles_at = ${endsAt}::timestamptz + interval '1 hour' where round_id = ${id}`.execute(db());
}

const wish = (change: Partial<RegistrationWish> = {}): RegistrationWish => ({
  roundId,
  mobile: '0912345678',
  districtCode: '63000030',
  products: ['Moderna', 'AZ'],
  language: 'zh',
  ...change,
});

async function registered(
  personKey: string,
  change: Partial<RegistrationWish> = {},
): Promise<RegistrationView> {
  const outcome = await register(world.ledger, world.acting(personKey), wish(change));
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value;
}

const textsTo = async (personKey: string) =>
  db()
    .selectFrom('text_message')
    .select(['purpose', 'occasion', 'contact_id', 'parameters', 'lane'])
    .where('person_key', '=', personKey)
    .orderBy('created_at')
    .execute();

describe('registering', () => {
  test("brings a number, the area with its county, the products in the round's order and the group", async () => {
    const personKey = await world.person({ groups: [9, 5] });
    const view = await registered(personKey, { products: ['AZ', 'Moderna'] });
    expect(view).toEqual({
      registrationNumber: expect.stringMatching(/^1\d{9}$/),
      roundId,
      registeredAt: expect.any(String),
      changedAt: null,
      mobile: '0912345678',
      language: 'zh',
      countyCode: '63000',
      districtCode: '63000030',
      mixedIntent: false,
      products: ['Moderna', 'AZ'],
      priorityGroup: 5,
      carriedFrom: null,
      stage: 'registered',
    });
    expect(await readRegistration(world.ledger, personKey, roundId)).toEqual(view);
  });

  test('is acknowledged by one text, to the mobile that was given', async () => {
    const personKey = await world.person();
    const { registrationNumber } = await registered(personKey);
    expect(await textsTo(personKey)).toEqual([
      {
        purpose: 'registrationReceived',
        occasion: `${registrationNumber}/1`,
        contact_id: expect.any(String),
        parameters: { registrationNumber, roundId },
        lane: 'personal',
      },
    ]);
  });

  test('again updates the one live registration, under the same number', async () => {
    const personKey = await world.person();
    const first = await registered(personKey);
    const second = await registered(personKey, {
      mobile: '0987654321',
      districtCode: '64000010',
      products: ['AZ'],
    });
    expect(second).toEqual({
      ...first,
      mobile: '0987654321',
      countyCode: '64000',
      districtCode: '64000010',
      products: ['AZ'],
      changedAt: expect.any(String),
    });
    const texts = await textsTo(personKey);
    expect(texts.map(({ purpose }) => purpose)).toEqual(['registrationReceived', 'registrationChanged']);
    expect(texts[0]?.contact_id).not.toBe(texts[1]?.contact_id);
    expect((await readHistory(db(), personKey)).map(({ act }) => act)).toEqual(['change', 'register']);
  });

  test('with the same answers changes nothing and tells nobody', async () => {
    const personKey = await world.person();
    const first = await registered(personKey);
    expect(await registered(personKey, { products: ['AZ', 'Moderna'], mobile: '+886 912-345-678' })).toEqual(
      first,
    );
    expect(await textsTo(personKey)).toHaveLength(1);
    expect(await readHistory(db(), personKey)).toHaveLength(1);
  });

  test('by twenty at once for the same person leaves one live registration', async () => {
    const personKey = await world.person();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        register(world.ledger, world.acting(personKey), wish({ mobile: `09123456${String(10 + index)}` })),
      ),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    const { rows } =
      await sql`select registration_number from registration where person_key = ${personKey}::uuid`.execute(
        db(),
      );
    expect(rows).toHaveLength(1);
  });

  test('counts the dose after those that were given', async () => {
    const personKey = await world.person();
    await world.dose(personKey, 1, 'Moderna', addDays(firstDay, -60));
    await registered(personKey, { products: ['Moderna'] });
    const { rows } =
      await sql`select dose_number from participation where person_key = ${personKey}::uuid`.execute(db());
    expect(rows).toEqual([{ dose_number: 2 }]);
  });

  test('keeps no mobile in plain text, in no table', async () => {
    const personKey = await world.person();
    const mobile = '0955443322';
    await register(world.ledger, world.acting(personKey, 'canary'), wish({ mobile }));
    const { rows: tables } = await sql<{ name: string }>`
      select table_schema || '.' || quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE'
    `.execute(db());
    for (const { name } of tables) {
      const { rows } = await sql`select from ${sql.raw(name)} t where t::text like ${`%${mobile}%`}`.execute(
        db(),
      );
      expect({ name, found: rows.length }).toEqual({ name, found: 0 });
    }
    const { rows: control } =
      await sql`select from registration t where t::text like ${`%${personKey}%`}`.execute(db());
    expect(control).toHaveLength(1);
  });
});

describe('registering is refused', () => {
  test.each([
    ['an unknown district', { districtCode: '63000999' }, { code: 'districtUnknown' }],
    ['something that is no mobile', { mobile: '02-23456789' }, { code: 'mobileInvalid' }],
    ['no product', { products: [] }, { code: 'productRequired' }],
    ['a product of no offer', { products: ['Novavax'] }, { code: 'productNotOffered', product: 'Novavax' }],
    ['a round that does not exist', { roundId: 'none' }, { code: 'noOpenRound' }],
  ])('with %s, and nothing is written', async (_what, change, refusal) => {
    const personKey = await world.person();
    const outcome = await register(world.ledger, world.acting(personKey, 'k'), wish(change));
    expect(outcome).toEqual({ ok: false, refusal });
    expect(await readRegistration(world.ledger, personKey, roundId)).toBeUndefined();
    expect(await readHistory(db(), personKey)).toEqual([]);
    expect(await textsTo(personKey)).toEqual([]);
  });

  test('to someone in no open group', async () => {
    const personKey = await world.person({ groups: [10] });
    expect(await register(world.ledger, world.acting(personKey), wish())).toEqual({
      ok: false,
      refusal: { code: 'notInOpenGroup' },
    });
  });

  test('for a product that may not follow the last dose', async () => {
    const personKey = await world.person();
    await world.dose(personKey, 1, 'AZ', addDays(firstDay, -90));
    expect(await register(world.ledger, world.acting(personKey), wish())).toEqual({
      ok: false,
      refusal: { code: 'productNotAfterPreviousDose', previousProduct: 'AZ' },
    });
  });

  test('for a product whose interval ends after its last session', async () => {
    const personKey = await world.person();
    await world.dose(personKey, 1, 'Moderna', addDays(firstDay, -22));
    expect(await register(world.ledger, world.acting(personKey), wish({ products: ['Moderna'] }))).toEqual({
      ok: false,
      refusal: { code: 'doseIntervalNotReached', earliestOn: addDays(firstDay, 6) },
    });
  });

  test.each([
    ['before registration opens', at(1, 0), at(2, 0), 'registrationNotOpenYet'],
    ['after its end', at(-2, 0), at(0, 8 * hour), 'registrationClosed'],
  ])('%s', async (_when, opensAt, endsAt, code) => {
    const other = await world.round({ kind: 'rankThenInvite', roundId: `r-${randomUUID().slice(0, 8)}` });
    await opening(other, opensAt, endsAt);
    const personKey = await world.person();
    const outcome = await register(world.ledger, world.acting(personKey), wish({ roundId: other }));
    expect(outcome).toMatchObject({ ok: false, refusal: { code } });
    const back = await withdraw(world.ledger, world.acting(personKey), { roundId: other });
    expect(back).toMatchObject({ ok: false, refusal: { code } });
  });

  test('in a round where one books without registering', async () => {
    const other = await world.round({ kind: 'bookIfEligible', roundId: 'walk-up' });
    const outcome = await register(
      world.ledger,
      world.acting(await world.person()),
      wish({ roundId: other }),
    );
    expect(outcome).toEqual({ ok: false, refusal: { code: 'noOpenRound' } });
  });

  test('once the round has settled, even if the clocks would allow it', async () => {
    const other = await world.round({ kind: 'rankThenInvite', roundId: 'settled-early' });
    await opening(other, at(-1, 0), at(3, 0));
    await sql`insert into settlement (round_id, rules_version, registrations, invited) values (${other}, '1', 0, 0)`.execute(
      db(),
    );
    const outcome = await register(
      world.ledger,
      world.acting(await world.person()),
      wish({ roundId: other }),
    );
    expect(outcome).toEqual({ ok: false, refusal: { code: 'alreadySettled' } });
  });
});

describe('withdrawing', () => {
  test('ends the registration, is told, and registering again makes a new one', async () => {
    const personKey = await world.person();
    const first = await registered(personKey);
    const outcome = await withdraw(world.ledger, world.acting(personKey), { roundId });
    expect(outcome).toEqual({ ok: true, value: { ...first, stage: 'withdrawn' } });
    const again = await registered(personKey);
    expect(again.registrationNumber).not.toBe(first.registrationNumber);
    expect(again.stage).toBe('registered');
    expect((await textsTo(personKey)).map(({ purpose }) => purpose)).toEqual([
      'registrationReceived',
      'registrationWithdrawn',
      'registrationReceived',
    ]);
  });

  test('changes nothing of what a repeated request of before is answered', async () => {
    const personKey = await world.person();
    const context = {
      ...world.acting(personKey),
      idempotency: { key: randomUUID(), requestHash: Buffer.from('the same request') },
    };
    const first = await register(world.ledger, context, wish());
    await withdraw(world.ledger, world.acting(personKey), { roundId });
    const anew = await registered(personKey);
    const repeated = await register(world.ledger, context, wish());
    if (!first.ok || !repeated.ok) throw new Error('both are accepted');
    expect(repeated.value.registrationNumber).toBe(first.value.registrationNumber);
    expect(anew.registrationNumber).not.toBe(first.value.registrationNumber);
  });

  test('twice is refused the second time; a repeated request is answered as the first', async () => {
    const personKey = await world.person();
    await registered(personKey);
    const first = await withdraw(world.ledger, world.acting(personKey, 'k'), { roundId });
    expect(first.ok).toBe(true);
    expect(await withdraw(world.ledger, world.acting(personKey, 'k'), { roundId })).toEqual(first);
    expect(await withdraw(world.ledger, world.acting(personKey), { roundId })).toEqual({
      ok: false,
      refusal: { code: 'notRegistered' },
    });
  });

  test('is open to someone who is in no open group any more', async () => {
    const personKey = await world.person();
    await registered(personKey);
    await sql`update person set priority_groups = '{10}' where person_key = ${personKey}::uuid`.execute(db());
    expect(await register(world.ledger, world.acting(personKey), wish({ products: ['AZ'] }))).toMatchObject({
      refusal: { code: 'notInOpenGroup' },
    });
    expect((await withdraw(world.ledger, world.acting(personKey), { roundId })).ok).toBe(true);
  });

  test('of who never registered is refused', async () => {
    expect(await withdraw(world.ledger, world.acting(await world.person()), { roundId })).toEqual({
      ok: false,
      refusal: { code: 'notRegistered' },
    });
  });
});
