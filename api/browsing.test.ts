import { at, hour } from '../test/builders/ledger-world';
import { AppWorld } from '../test/support/app';
import { aSecondPasses as aSecond, inOneInstant } from '../test/support/passing-time';

let world: AppWorld;
let slotId: number;
const sites = '/v1/sites?districtCode=63000030&product=Moderna';
const slots = '/v1/sites/A/slots?product=Moderna';
const leftIn = async (address: string): Promise<number> => {
  const body = (await world.app.inject(address)).json<Record<'sites' | 'slots', { left: number }[]>>();
  return (body.sites ?? body.slots).reduce((sum, { left }) => sum + left, 0);
};
const take = (places: number) =>
  world.world.ledger.pool.query('update slot set booked = booked + $1 where slot_id = $2', [places, slotId]);

beforeAll(async () => {
  world = await AppWorld.create();
  await world.world.round();
  await world.world.site('A');
  slotId = await world.world.slot({ siteId: 'A', capacity: 3 });
  await world.world.stepTo(at(0, 11 * hour));
});
afterAll(() => world.close());

test.each([sites, slots, '/v1/slots/earliest?districtCode=63000030&product=Moderna'])(
  'the list %s shows counts that are at most a second old',
  async (address) => {
    await aSecond();
    const before = await leftIn(address);
    await take(1);
    await aSecond();
    expect(await leftIn(address)).toBe(before - 1);
    await take(-1);
    await aSecond();
    expect(await leftIn(address)).toBe(before);
  },
);

test('within the second the same bytes come again, with the same headers', async () => {
  await aSecond();
  const [first, held] = await inOneInstant(async () => {
    const read = await world.app.inject(slots);
    await take(1);
    return [read, await world.app.inject(slots)] as const;
  });
  await take(-1);
  expect(held.rawPayload).toEqual(first.rawPayload);
  const { date: _first, connection: _, ...headers } = first.headers;
  const { date: _held, connection: __, ...heldHeaders } = held.headers;
  expect(heldHeaders).toEqual(headers);
  expect(held.headers).toMatchObject({
    'cache-control': 'public, no-cache',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'permissions-policy': expect.any(String),
  });
});

test('whoever holds the list already is told that it has not changed', async () => {
  await aSecond();
  const { etag } = (await world.app.inject(slots)).headers;
  const again = { url: slots, headers: { 'if-none-match': `W/"other", ${String(etag)}` } };
  for (const unchanged of [await world.app.inject(again), (await aSecond(), await world.app.inject(again))]) {
    expect(unchanged.statusCode).toBe(304);
    expect(unchanged.body).toBe('');
    expect(unchanged.headers).toMatchObject({ etag });
  }
  await take(1);
  await aSecond();
  const changed = await world.app.inject(again);
  await take(-1);
  expect(changed.statusCode).toBe(200);
});

test('a place that the list still shows and another took is refused by the ledger', async () => {
  const citizen = await world.signIn(await world.insured());
  await aSecond();
  const refused = await inOneInstant(async () => {
    expect(await leftIn(slots)).toBe(3);
    await take(3);
    expect(await leftIn(slots)).toBe(3);
    return citizen.act('POST', '/v1/appointments', { slotId, mobile: '0912345678' });
  });
  await take(-3);
  expect(refused.json()).toMatchObject({ code: 'slotFull' });
});

test('only what was found valid is held: a malformed wish and an unknown site are refused each time', async () => {
  for (let times = 0; times < 2; times += 1) {
    expect((await world.app.inject('/v1/sites?districtCode=x&product=Moderna')).statusCode).toBe(400);
    expect((await world.app.inject('/v1/sites/Z/slots?product=Moderna')).json()).toMatchObject({
      code: 'siteUnknown',
    });
  }
});

test('a held list carries nothing of the one who asked first', async () => {
  const citizen = await world.signIn(await world.insured());
  await aSecond();
  expect((await citizen.act('GET', slots)).statusCode).toBe(200);
  expect((await world.app.inject(slots)).headers['set-cookie']).toBeUndefined();
});

test('lists that were held count among the requests', async () => {
  const counted = async () => {
    const { body } = await world.app.inject('/metrics');
    return Number(
      /_seconds_count\{route="\/v1\/sites\/:siteId\/slots",.*status="200"\} (\d+)/.exec(body)?.[1],
    );
  };
  const before = await counted();
  for (let times = 0; times < 5; times += 1) await world.app.inject(slots);
  expect((await counted()) - before).toBe(5);
});
