/** Nothing is booked before its window opens, whatever way is tried: every way, product and age band, at every opening. */
import { sql } from 'kysely';
import type { LightMyRequestResponse } from 'fastify';

import type { Instant } from '../../domain/civil-time/plain-date';
import { book, move } from '../../ledger/booking';
import { acceptOffer } from '../../ledger/place-offer-answer';
import { pagesPlugin } from '../../web/pages';
import { at, hour } from '../builders/ledger-world';
import { AppWorld, Citizen, cookieOf } from '../support/app';

const roundId = 'by-band';
const mobile = '0912345678';
const closesAt = at(5, 12 * hour);

/** The booking windows as 1922 had them: by product and by age. */
const windows = [
  { product: 'AZ', ageFrom: 65, ageTo: 150, birthDate: '1950-01-01', opens: 10 * hour },
  { product: 'AZ', ageFrom: 18, ageTo: 64, birthDate: '1990-01-01', opens: 12 * hour },
  { product: 'Moderna', ageFrom: 65, ageTo: 150, birthDate: '1950-01-01', opens: 14 * hour },
  { product: 'Moderna', ageFrom: 18, ageTo: 64, birthDate: '1990-01-01', opens: 16 * hour },
] as const;
type Window = (typeof windows)[number];

/** Somebody of a window's age who tries to get in by one way. */
interface Trial {
  readonly window: Window;
  readonly slotId: number;
  readonly personKey: string;
  readonly citizen: Citizen;
}

interface Way {
  readonly name: string;
  /** Tries it; answers the code of the refusal, or `booked`. */
  readonly attempt: (trial: Trial) => Promise<string>;
  /** What has to be so for the way to be tried at all. */
  readonly prepare?: (trial: Trial) => Promise<void>;
  /** The refusal before the opening, where it is another one. */
  readonly before?: string;
  /** False where the way leads to nothing at any time. */
  readonly leadsIn?: boolean;
}

let world: AppWorld;
const slots = new Map<string, number>();

const answer = (response: LightMyRequestResponse): string =>
  response.statusCode < 400 ? 'booked' : response.json<{ code: string }>().code;

const ways: readonly Way[] = [
  {
    name: 'the API',
    attempt: async ({ citizen, slotId }) =>
      answer(await citizen.act('POST', '/v1/appointments', { slotId, mobile })),
  },
  {
    name: 'the API under a key that was used before the opening',
    attempt: async ({ citizen, slotId }) =>
      answer(
        await citizen.act('POST', '/v1/appointments', { slotId, mobile }, { 'idempotency-key': 'bell' }),
      ),
  },
  { name: 'the pages', attempt: ({ citizen, slotId }) => throughThePage(citizen, slotId) },
  {
    name: 'many wishes at once',
    async attempt({ personKey, slotId }) {
      const wish = () =>
        book(world.world.ledger, world.world.acting(personKey), { slotId, mobile, language: 'zh' });
      const codes = (await Promise.all(Array.from({ length: 5 }, wish))).map((outcome) =>
        outcome.ok ? 'booked' : outcome.refusal.code,
      );
      return codes.find((code) => code === 'booked') ?? codes[0] ?? '';
    },
  },
  {
    name: 'moving an appointment of another round',
    leadsIn: false,
    before: 'slotUnknown',
    async prepare({ personKey, window }) {
      const slotId = slots.get(`open ${window.product}`) ?? 0;
      const outcome = await book(world.world.ledger, world.world.acting(personKey), {
        ...{ slotId, mobile, language: 'zh' },
      });
      if (!outcome.ok) throw new Error(outcome.refusal.code);
    },
    async attempt({ personKey, slotId }) {
      const { appointment_number: appointmentNumber } = await world.world.ledger.db
        .selectFrom('appointment')
        .select('appointment_number')
        .where('person_key', '=', personKey)
        .executeTakeFirstOrThrow();
      const outcome = await move(world.world.ledger, world.world.acting(personKey), {
        ...{ appointmentNumber, slotId },
      });
      return outcome.ok ? 'booked' : outcome.refusal.code;
    },
  },
  {
    name: 'a freed place that was offered too early',
    async prepare({ personKey, slotId }) {
      const { db } = world.world.ledger;
      await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
        values (${personKey}::uuid, ${roundId}, 1, 'registered', 'register')`.execute(db);
      await sql`update participation set stage = 'offered', last_act = 'offer'
        where person_key = ${personKey}::uuid`.execute(db);
      await sql`update slot set booked = booked + 1 where slot_id = ${slotId}`.execute(db);
      await sql`with place as (insert into freed_place (slot_id) values (${slotId}) returning freed_place_id)
        insert into place_offer (freed_place_id, person_key, round_id, turn, expires_at)
        select freed_place_id, ${personKey}::uuid, ${roundId}, 1, ${closesAt}::timestamptz from place`.execute(
        db,
      );
    },
    async attempt({ personKey }) {
      const { ledger } = world.world;
      const { place_offer_id: placeOfferId } = await ledger.db
        .selectFrom('place_offer')
        .select('place_offer_id')
        .where('person_key', '=', personKey)
        .executeTakeFirstOrThrow();
      const wish = { placeOfferId, mobile, language: 'zh' } as const;
      const outcome = await acceptOffer(ledger, world.world.acting(personKey), wish);
      return outcome.ok ? 'booked' : outcome.refusal.code;
    },
  },
  {
    name: 'a station that records attendance without an appointment',
    leadsIn: false,
    before: 'stationUnknown',
    attempt: async ({ citizen }) =>
      answer(await citizen.act('POST', '/v1/station/attendances', { appointmentNumber: '2000000000' })),
  },
];

beforeAll(async () => {
  world = await AppWorld.create({ pages: pagesPlugin({ secure: false, demonstration: true }) });
  await world.world.site('A');
  // Open all along, for who has to hold an appointment already; its doses are others than those of the windows.
  await world.world.round({ roundId: 'open', opensAt: at(-1, 0), closesAt });
  await world.world.round({ roundId, opensAt: at(0, 10 * hour), closesAt });
  const { db } = world.world.ledger;
  await sql`delete from booking_window where round_id = ${roundId}`.execute(db);
  for (const { product, ageFrom, ageTo, opens } of windows) {
    await sql`insert into booking_window values (${roundId}, ${product}, ${ageFrom}, ${ageTo},
      ${at(0, opens)}::timestamptz, ${closesAt}::timestamptz)`.execute(db);
  }
  for (const product of ['AZ', 'Moderna']) {
    slots.set(product, await world.world.slot({ siteId: 'A', roundId, product, capacity: 900 }));
    slots.set(
      `open ${product}`,
      await world.world.slot({ siteId: 'A', roundId: 'open', product, capacity: 900, day: 4 }),
    );
  }
}, 120_000);
afterAll(() => world?.close());

async function trialOf(window: Window): Promise<Trial> {
  const person = await world.insured([9], window.birthDate);
  const citizen = await world.signIn(person);
  const { rows } = await sql<{ person_key: string }>`
    select person_key from person order by known_since desc, person_key limit 1`.execute(
    world.world.ledger.db,
  );
  const personKey = rows[0]?.person_key ?? '';
  return { window, slotId: slots.get(window.product) ?? 0, personKey, citizen };
}

const bookedIn = async ({ personKey, slotId }: Trial): Promise<number> =>
  (
    await world.world.ledger.db
      .selectFrom('appointment')
      .select('appointment_number')
      .where('person_key', '=', personKey)
      .where('slot_id', '=', slotId)
      .execute()
  ).length;

test.each(windows.map((window) => ({ ...window, opensAt: at(0, window.opens) })))(
  '$product from $ageFrom to $ageTo: by no way before $opensAt, and then by every way that there is',
  async ({ opensAt, ...window }) => {
    const trials: { readonly way: Way; readonly trial: Trial }[] = [];
    for (const way of ways) {
      const trial = await trialOf(window);
      await way.prepare?.(trial);
      trials.push({ way, trial });
    }
    await world.world.stepTo(minutesBefore(opensAt, 5));
    for (const { way, trial } of trials) {
      const before = await way.attempt(trial);
      expect([way.name, before]).toEqual([way.name, way.before ?? 'bookingNotOpenYet']);
      expect(await bookedIn(trial)).toBe(0);
    }
    await world.world.stepTo(opensAt);
    for (const { way, trial } of trials) {
      if (way.leadsIn === false) continue;
      expect([way.name, await way.attempt(trial)]).toEqual([way.name, 'booked']);
      expect(await bookedIn(trial)).toBe(1);
    }
  },
  60_000,
);

function minutesBefore(instant: Instant, minutes: number): Instant {
  return new Date(Date.parse(instant) - minutes * 60_000).toISOString();
}

/** As a browser does: the page's token, the window chosen, the check confirmed. */
async function throughThePage({ cookie }: Citizen, slotId: number): Promise<string> {
  const page = await world.app.inject({ url: '/appointment', headers: { cookie } });
  const session = cookieOf(page) || cookie;
  const token = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const sent = await world.app.inject({
    method: 'POST',
    url: '/booking/check',
    headers: { cookie: session, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ _csrf: token, slotId: String(slotId), mobile }).toString(),
  });
  if (sent.statusCode === 303 && String(sent.headers.location).startsWith('/appointment')) return 'booked';
  return /代碼\s*(\w+)/.exec(sent.body.replace(/<[^>]+>/g, ' '))?.[1] ?? `status ${String(sent.statusCode)}`;
}
