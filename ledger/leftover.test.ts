import { createHash } from 'node:crypto';
import { sql } from 'kysely';

import { addDays, addMs, taipeiDateOf } from '../domain/civil-time/plain-date';
import { LedgerWorld, at as onDay, firstDay, hour } from '../test/builders/ledger-world';
import { registeredInVain } from '../test/builders/waiting-people';
import { recordAttendance } from './attendance';
import { book } from './booking';
import { ledgerNow } from './clock';
import { openLeftoverCall } from './leftover-call';
import { commitDraws, readPublishedDraw } from './leftover-draw';
import { askLeftover, readOwnTickets, stopAskingLeftover } from './leftover-request';
import { endLeftoverTurn, nextLeftoverTurn, type TurnEnded } from './leftover-turn';

const districtCode = '63000030';
const station = { actor: 'station', channel: 'station:desk-1' } as const;

let world: LedgerWorld;
/** Each test has a week, a site and a round of its own: one ledger serves all of them. */
let week = -1;
let siteId: string;
let roundId: string;
const at = (day: number, minutes: number) => onDay(7 * week + day, minutes);
const today = () => addDays(firstDay, 7 * week);

beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

/** 09:00; the site gives Moderna from 10:00 to 17:00 today. */
beforeEach(async () => {
  week += 1;
  siteId = await world.site(`S${String(week)}`);
  roundId = `round-${String(week)}`;
  const window = { opensAt: at(-1, 10 * hour), closesAt: at(3, 12 * hour) };
  await world.round({ roundId, kind: 'rankThenInvite', ...window });
  for (const fromMinute of [10 * hour, 16 * hour]) {
    await world.slot({ siteId, roundId, capacity: 5, day: 7 * week, fromMinute });
  }
  await world.stepTo(at(0, 9 * hour));
});

const ask = async (personKey: string, district = districtCode) => {
  const outcome = await askLeftover(world.ledger, world.acting(personKey), {
    ...{ day: today(), districtCode: district, mobile: '0912345678' },
    language: 'zh',
  });
  return outcome.ok ? outcome.value.ticket : outcome.refusal.code;
};
const asking = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const personKey = await registeredInVain(world, { roundId });
      return { personKey, ticket: await ask(personKey) };
    }),
  );
const open = async (doses: number, site = siteId) => {
  const outcome = await openLeftoverCall(world.ledger, station, { siteId: site, product: 'Moderna', doses });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value;
};
const next = async (leftoverCallId: string, site = siteId) => {
  const outcome = await nextLeftoverTurn(world.ledger, station, { siteId: site, leftoverCallId });
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  return outcome.value;
};
const end = (leftoverCallId: string, ticket: string, result: TurnEnded['result']) =>
  endLeftoverTurn(world.ledger, station, { siteId, leftoverCallId, ticket, result });
const closing = () => world.stepTo(at(0, 16.75 * hour));
const published = async () => {
  const draw = await readPublishedDraw(world.ledger, today(), districtCode);
  if (!draw) throw new Error('no draw was committed to');
  return draw;
};

describe('the draw', () => {
  test('is committed to before anybody asks, and its seed stays sealed until the first site phones', async () => {
    await commitDraws(world.ledger);
    const before = await published();
    expect(before).toMatchObject({ drawnAt: null, seed: null, asked: 0, tickets: [] });
    expect(await commitDraws(world.ledger)).toBe(0);
    await asking(3);
    expect(await published()).toMatchObject({ seed: null, asked: 3, tickets: [] });
    await closing();
    await open(1);
    const after = await published();
    expect(after.commitment).toBe(before.commitment);
    expect(
      createHash('sha256')
        .update(after.seed ?? '')
        .digest('hex'),
    ).toBe(after.commitment);
  });

  test('gives an order that anyone can work out again from what is published, and nothing personal', async () => {
    const people = await asking(8);
    await closing();
    await open(1);
    const { seed, tickets } = await published();
    const again = people
      .map(({ ticket }) => ({
        ticket,
        hash: createHash('sha256')
          .update(`${seed ?? ''}/${ticket}`)
          .digest('hex'),
      }))
      .sort((a, b) => a.hash.localeCompare(b.hash));
    expect(tickets.map(({ ticket, hash }) => ({ ticket, hash }))).toEqual(again);
    const text = JSON.stringify(await published());
    for (const { personKey } of people) expect(text).not.toContain(personKey);
    const [own] = await readOwnTickets(world.ledger, people[0]?.personKey ?? '');
    expect(own?.place).toBe(again.findIndex(({ ticket }) => ticket === people[0]?.ticket) + 1);
  });

  test('closes: whoever asks, or steps back, after it is refused', async () => {
    const [person] = await asking(1);
    await closing();
    await open(1);
    expect(await ask(await registeredInVain(world, { roundId }))).toBe('leftoverDrawn');
    const back = await stopAskingLeftover(world.ledger, world.acting(person?.personKey ?? ''), {
      ticket: person?.ticket ?? '',
    });
    expect(back).toMatchObject({ refusal: { code: 'leftoverDrawn' } });
  });
});

describe('asking', () => {
  test('gives one ticket a day and district, which can be taken back until the draw', async () => {
    const personKey = await registeredInVain(world, { roundId });
    const ticket = await ask(personKey);
    expect(ticket).toMatch(/^3\d{9}$/);
    expect(await ask(personKey)).toBe(ticket);
    await stopAskingLeftover(world.ledger, world.acting(personKey), { ticket });
    expect(await readOwnTickets(world.ledger, personKey)).toEqual([]);
    expect(await ask(personKey)).not.toBe(ticket);
  });

  test('is refused where no dose is given, or none that this person may be given', async () => {
    expect(await ask(await registeredInVain(world, { roundId }), '65000010')).toBe('leftoverNotThere');
    const tooSoon = await registeredInVain(world, { roundId });
    await world.dose(tooSoon, 1, 'Moderna', taipeiDateOf(at(-10, 0)));
    expect(await ask(tooSoon)).toBe('doseIntervalNotReached');
    expect(await ask(await world.person({ groups: [1] }))).toBe('notInOpenGroup');
  });
});

describe('a site', () => {
  test('does not phone before the day’s last half hour, nor for what it does not give', async () => {
    const early = await openLeftoverCall(world.ledger, station, { siteId, product: 'Moderna', doses: 1 });
    expect(early).toMatchObject({ refusal: { code: 'leftoverTooEarly', opensAt: at(0, 16.5 * hour) } });
    await closing();
    const other = await openLeftoverCall(world.ledger, station, { siteId, product: 'AZ', doses: 1 });
    expect(other).toMatchObject({ refusal: { code: 'leftoverNotThere' } });
  });

  test('is given one person at a time in the order of the draw, each reading of a mobile in the history', async () => {
    const people = await asking(4);
    await closing();
    const { leftoverCallId } = await open(2);
    const { tickets } = await published();
    const first = await next(leftoverCallId);
    expect(first.turn).toMatchObject({
      ticket: tickets[0]?.ticket,
      mobile: '0912345678',
      maskedName: '甄○康',
    });
    expect(await next(leftoverCallId)).toEqual(first);
    await end(leftoverCallId, tickets[0]?.ticket ?? '', 'noAnswer');
    expect((await next(leftoverCallId)).turn?.ticket).toBe(tickets[1]?.ticket);
    const disclosures = await world.ledger.db
      .selectFrom('audit_entry')
      .select(['person_key', 'channel'])
      .where('act', '=', 'discloseMobile')
      .where(
        'person_key',
        'in',
        people.map(({ personKey }) => personKey),
      )
      .execute();
    expect(disclosures).toHaveLength(3);
    expect(new Set(disclosures.map(({ channel }) => channel))).toEqual(new Set(['station:desk-1']));
  });

  test('promises no dose twice: who comes is booked, attends like anybody, and the rest is not phoned', async () => {
    const people = await asking(3);
    await closing();
    const { leftoverCallId } = await open(1);
    const { turn } = await next(leftoverCallId);
    const coming = await end(leftoverCallId, turn?.ticket ?? '', 'coming');
    if (!coming.ok) throw new Error(coming.refusal.code);
    expect(await end(leftoverCallId, turn?.ticket ?? '', 'coming')).toEqual(coming);
    expect(await end(leftoverCallId, turn?.ticket ?? '', 'declined')).toMatchObject({
      refusal: { code: 'leftoverTurnAnswered', result: 'coming' },
    });
    expect(await next(leftoverCallId)).toEqual({ turn: null, reason: 'allPromised' });
    const { personKey = '' } = people.find(({ ticket }) => ticket === turn?.ticket) ?? {};
    const given = await recordAttendance(world.ledger, station, {
      stationSiteId: siteId,
      appointmentNumber: coming.value.appointmentNumber ?? '',
    });
    expect(given).toMatchObject({ ok: true, value: { doseNumber: 1, product: 'Moderna' } });
    const stages = await world.ledger.db
      .selectFrom('participation')
      .select('stage')
      .where('person_key', '=', personKey)
      .execute();
    expect(stages).toEqual([{ stage: 'attended' }]);
    expect((await published()).tickets.find(({ ticket }) => ticket === turn?.ticket)?.outcome).toBe('coming');
  });

  test('may find more doses, not fewer than it promised', async () => {
    await asking(2);
    await closing();
    const { leftoverCallId } = await open(1);
    const { turn } = await next(leftoverCallId);
    await end(leftoverCallId, turn?.ticket ?? '', 'coming');
    const fewer = await openLeftoverCall(world.ledger, station, { siteId, product: 'Moderna', doses: 0 });
    expect(fewer).toMatchObject({ refusal: { code: 'leftoverDosesPromised', promised: 1 } });
    expect(await open(2)).toMatchObject({ leftoverCallId, doses: 2, promised: 1 });
    expect((await next(leftoverCallId)).turn).not.toBeNull();
  });

  test('passes over who has booked elsewhere meanwhile, and says so in the published order', async () => {
    const [person] = await asking(1);
    const personKey = person?.personKey ?? '';
    const elsewhere = `other-${String(week)}`;
    await world.round({ roundId: elsewhere, opensAt: at(-1, 0), closesAt: at(5, 0) });
    const slotId = await world.slot({ siteId, roundId: elsewhere, capacity: 1, day: 7 * week + 2 });
    await book(world.ledger, world.acting(personKey), { slotId, mobile: '0912345678', language: 'zh' });
    await closing();
    const { leftoverCallId } = await open(1);
    expect(await next(leftoverCallId)).toEqual({ turn: null, reason: 'nobodyLeft' });
    expect((await published()).tickets.map(({ outcome }) => outcome)).toEqual(['passedOver']);
  });

  test('and another of the same district never phone the same person', async () => {
    const neighbour = await world.site(`N${String(week)}`);
    await world.slot({ siteId: neighbour, roundId, capacity: 5, day: 7 * week, fromMinute: 16 * hour });
    await asking(6);
    await closing();
    const calls = [
      { ...(await open(6)), site: siteId },
      { ...(await open(6, neighbour)), site: neighbour },
    ];
    const phoned: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const turns = await Promise.all(
        calls.map(async ({ leftoverCallId, site }) => ({
          leftoverCallId,
          site,
          answer: await next(leftoverCallId, site),
        })),
      );
      for (const { leftoverCallId, site, answer } of turns) {
        if (answer.turn === null) continue;
        phoned.push(answer.turn.ticket);
        const wish = {
          siteId: site,
          leftoverCallId,
          ticket: answer.turn.ticket,
          result: 'declined',
        } as const;
        await endLeftoverTurn(world.ledger, station, wish);
      }
    }
    expect(phoned).toHaveLength(6);
    expect(new Set(phoned).size).toBe(6);
  });

  test('cannot be booked at by anybody: its slot has begun', async () => {
    const eligible = `open-${String(week)}`;
    await world.round({ roundId: eligible, opensAt: at(-1, 0), closesAt: at(5, 0) });
    await closing();
    await open(3);
    const { rows } = await sql<{ slot_id: number }>`
      select slot_id from slot where site_id = ${siteId} and leftover`.execute(world.ledger.db);
    const person = await world.person();
    await world.invite(person, { roundId });
    await sql`update invitation set opens_at = ${at(-1, 0)}, closes_at = ${addMs(await ledgerNow(world.ledger.db), 86_400_000)}
      where person_key = ${person}::uuid`.execute(world.ledger.db);
    const outcome = await book(world.ledger, world.acting(person), {
      slotId: rows[0]?.slot_id ?? 0,
      mobile: '0912345678',
      language: 'zh',
    });
    expect(outcome).toMatchObject({ refusal: { code: 'slotPast' } });
  });
});
