import { enrolStation } from '../ledger/station';
import { AppWorld, type Citizen } from '../test/support/app';

let world: AppWorld;
let citizen: Citizen;
let deskKey: string;
beforeAll(async () => {
  world = await AppWorld.create({
    maxLedgerQueue: 4,
    waitingRoom: { perSecond: 100, holdMinutes: 0, lookEveryMs: 0 },
  });
  await world.world.round();
  await world.world.site('A');
  citizen = await world.signIn(await world.insured());
  ({ key: deskKey } = await enrolStation(world.world.ledger.db, { stationId: 'desk', siteId: 'A' }));
});
afterAll(() => world.close());

/** While `people` statements more than there are connections wait for one. */
async function whileWaiting<T>(people: number, ask: () => Promise<T>): Promise<T> {
  const { pool } = world.world.ledger;
  const gate = await pool.connect();
  await gate.query('select pg_advisory_lock(1)');
  const holding = Array.from({ length: pool.options.max - 1 + people }, () =>
    pool.query('select pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)'),
  );
  // Until the connections are made, those who will get one count among those who wait.
  while (pool.waitingCount !== people) await new Promise((resolve) => setTimeout(resolve, 5));
  const asked = ask();
  const answered = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 300))]);
  await gate.query('select pg_advisory_unlock(1)');
  gate.release();
  await Promise.all(holding);
  return (answered as T | undefined) ?? asked;
}

test('when too many statements wait, whoever comes is told at once when to come again', async () => {
  const answer = await whileWaiting(5, () => citizen.act('GET', '/v1/appointments'));
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ code: 'overloaded' });
  expect(answer.headers['retry-after']).toBe('5');
});

test('who is turned away for load is counted, and who is told to wait in line is not', async () => {
  const counted = async () =>
    /^yiyue_http_requests_turned_away_total (\d+)$/m.exec((await world.app.inject('/metrics')).body)?.[1];
  const before = Number(await counted());
  await whileWaiting(5, () => citizen.act('GET', '/v1/appointments'));
  await world.world.ledger.pool.query('update waiting_room set kept_shut = true');
  await world.app.waitingRoom.look();
  expect((await world.trySignIn(await world.insured())).json()).toMatchObject({ code: 'waitingRoom' });
  expect(Number(await counted())).toBe(before + 1);
});

test('before that they wait a little and are answered', async () => {
  expect((await whileWaiting(3, () => citizen.act('GET', '/v1/appointments'))).statusCode).toBe(200);
});

test('the line before signing in stops at half of it', async () => {
  expect(await whileWaiting(3, async () => world.app.isStrained())).toBe(true);
  expect(await whileWaiting(1, async () => world.app.isStrained())).toBe(false);
});

test('desks, whoever watches and whoever waits in line are never refused', async () => {
  const desk = await whileWaiting(5, () =>
    world.app.inject({
      method: 'POST',
      url: '/v1/station/attendances',
      headers: { authorization: `Bearer ${deskKey}` },
      payload: { appointmentNumber: '0000000000' },
    }),
  );
  expect(desk.json()).toMatchObject({ code: 'appointmentUnknown' });
  for (const url of ['/healthz', '/v1/waiting-room', '/metrics'])
    expect((await whileWaiting(5, () => world.app.inject(url))).statusCode).toBe(200);
});
