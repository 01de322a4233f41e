import { createHash } from 'node:crypto';

import { firstDay, at, hour } from '../test/builders/ledger-world';
import { AppWorld } from '../test/support/app';
import { enrolStation } from '../ledger/station';
import { findPersonKey } from '../ledger/person';
import { settledRound } from '../test/builders/waiting-people';
import { book, cancel } from '../ledger/booking';
import { passPlaceOn } from '../ledger/place-offer';
import { register } from '../ledger/registration';

let app: AppWorld;
const district = '63000030';

beforeAll(async () => {
  app = await AppWorld.create();
  const { world } = app;
  await world.round({ kind: 'rankThenInvite', opensAt: at(-1, 10 * hour) });
  await world.site('S1', district);
  await world.slot({ siteId: 'S1', capacity: 5, day: 0, fromMinute: 16 * hour });
});
afterAll(() => app.close());

describe('doses left over', () => {
  test('are asked for, drawn, phoned and booked over the API, and the draw can be checked by a stranger', async () => {
    const { key } = await enrolStation(app.world.ledger.db, { stationId: 'desk-1', siteId: 'S1' });
    const station = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) =>
      app.app.inject({
        method,
        url: `/v1/station/leftover-calls${url}`,
        headers: { authorization: `Bearer ${key}` },
        ...(payload ? { payload } : {}),
      });
    const citizen = await app.signIn(await app.insured());
    const wish = { day: firstDay, districtCode: district, mobile: '0912345678' };
    const asked = await citizen.act('POST', '/v1/leftover-requests', wish);
    expect([asked.statusCode, asked.json()]).toMatchObject([201, { place: null, drawnAt: null, asked: 1 }]);
    const { ticket } = asked.json<{ ticket: string }>();
    const published = async () =>
      (await app.app.inject({ url: `/v1/leftover-draws/${firstDay}/${district}` })).json<{
        seed: string | null;
        commitment: string;
        tickets: { hash: string }[];
      }>();
    const before = await published();
    expect(before.seed).toBeNull();
    const noSuchDay = await app.app.inject({ url: `/v1/leftover-draws/2026-02-30/${district}` });
    expect(noSuchDay.json()).toMatchObject({ code: 'leftoverNotThere' });
    const early = await station('POST', '', { product: 'Moderna', doses: 1 });
    expect([early.statusCode, early.json()]).toMatchObject([
      409,
      { code: 'leftoverTooEarly', opensAt: at(0, 16.5 * hour) },
    ]);
    await app.world.stepTo(at(0, 16.75 * hour));
    const opened = await station('POST', '', { product: 'Moderna', doses: 1 });
    const { leftoverCallId } = opened.json<{ leftoverCallId: string }>();
    expect((await station('GET', '')).json()).toMatchObject({ leftoverCalls: [{ doses: 1, promised: 0 }] });
    const turn = await station('POST', `/${leftoverCallId}/turns`);
    expect(turn.json()).toMatchObject({ turn: { ticket, mobile: '0912345678', maskedName: '甄○康' } });
    const ended = await station('PUT', `/${leftoverCallId}/turns/${ticket}`, { result: 'coming' });
    const { appointmentNumber } = ended.json<{ appointmentNumber: string }>();
    expect((await citizen.act('GET', `/v1/appointments/${appointmentNumber}`)).json()).toMatchObject({
      status: 'booked',
    });
    expect((await station('POST', `/${leftoverCallId}/turns`)).json()).toEqual({
      turn: null,
      reason: 'allPromised',
    });
    const after = await published();
    expect(
      createHash('sha256')
        .update(after.seed ?? '')
        .digest('hex'),
    ).toBe(before.commitment);
    expect(after.tickets[0]?.hash).toBe(
      createHash('sha256')
        .update(`${after.seed ?? ''}/${ticket}`)
        .digest('hex'),
    );
    const stranger = await app.app.inject({ url: '/v1/station/leftover-calls' });
    expect([stranger.statusCode, stranger.json()]).toMatchObject([401, { code: 'stationUnknown' }]);
  });
});

describe('the waiting list', () => {
  test('is joined, offers and is answered over the API', async () => {
    const { world } = app;
    const person = await app.insured([9], '1960-01-01');
    const citizen = await app.signIn(person);
    expect((await citizen.act('GET', '/v1/waiting-list')).json()).toMatchObject({ code: 'notRegistered' });
    await world.round({ roundId: 'round-2', kind: 'rankThenInvite', opensAt: at(-1, 0) });
    const slotId = await world.slot({ siteId: 'S1', capacity: 1, day: 6, roundId: 'round-2' });
    await world.ledger.db
      .updateTable('round')
      .set({ registration_ends_at: at(1, 0), settles_at: at(2, 0) })
      .where('round_id', '=', 'round-2')
      .execute();
    const personKey = (await findPersonKey(world.ledger, person.personNumber)) ?? '';
    const registered = await register(world.ledger, world.acting(personKey), {
      ...{ roundId: 'round-2', mobile: '0912345678', districtCode: district, products: ['Moderna'] },
      ...{ language: 'zh', mixedIntent: false },
    });
    expect(registered.ok).toBe(true);
    const early = await citizen.act('PUT', '/v1/waiting-list');
    expect(early.json()).toMatchObject({ code: 'waitingListNotOpenYet', opensAt: at(2, 0) });
    await settledRound(world, 'round-2');
    await world.stepTo(at(2, 10 * hour));
    expect((await citizen.act('PUT', '/v1/waiting-list')).json()).toMatchObject({
      waiting: true,
      roundId: 'round-2',
    });
    const holder = await world.person();
    await world.invite(holder, { roundId: 'round-2' });
    const booked = await book(world.ledger, world.acting(holder), {
      slotId,
      mobile: '0900000678',
      language: 'zh',
    });
    if (booked.ok) await cancel(world.ledger, world.acting(holder), booked.value);
    const place = await world.ledger.db
      .selectFrom('freed_place')
      .select('freed_place_id')
      .executeTakeFirstOrThrow();
    await passPlaceOn(world.ledger, place.freed_place_id);
    const offers = (await citizen.act('GET', '/v1/place-offers')).json<{
      placeOffers: { placeOfferId: string; status: string }[];
    }>();
    const [offer] = offers.placeOffers;
    expect(offer?.status).toBe('open');
    const url = `/v1/place-offers/${offer?.placeOfferId ?? ''}`;
    const declined = await citizen.act('POST', `${url}/refusal`);
    expect([declined.statusCode, declined.json()]).toMatchObject([200, { status: 'declined' }]);
    const late = await citizen.act('POST', `${url}/acceptance`, { mobile: '0912345678' });
    expect([late.statusCode, late.json()]).toMatchObject([
      409,
      { code: 'offerAnswered', answer: 'declined' },
    ]);
    expect((await citizen.act('DELETE', '/v1/waiting-list')).json()).toMatchObject({ waiting: false });
  });
});
