import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';

import { parseMobile, type Mobile } from '../../domain/person-number/mobile';
import { parsePersonNumber, type PersonNumber } from '../../domain/person-number/person-number';
import { syntheticMobile, syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import { createTestDatabase, type TestDatabase } from '../../test/support/database';
import { demonstrationContracts, ordinaryContract, refusalOf } from './demonstration-contracts';
import { createHttpCarriers } from './http-carriers';
import { carrierRefusals, CarriersUnavailable, type HolderQuestion } from './port';
import { startCarriersSimulator, type CarriersSimulator } from './simulator';

const holder = syntheticNationalId('B', 'male', 7);
const stranger = syntheticNationalId('B', 'female', 7);
const ownMobile = syntheticMobile(7);

function question(mobile: string, personNumber = holder): HolderQuestion {
  const number = parsePersonNumber(personNumber);
  const phone = parseMobile(mobile);
  if ('refusal' in number || 'refusal' in phone) throw new Error('the test needs a valid number and mobile');
  return { mobile: phone.mobile, personNumber: number.number, connectionAddress: '::ffff:127.0.0.1' };
}

describe('the carriers over HTTP', () => {
  let database: TestDatabase;
  let simulator: CarriersSimulator;

  beforeAll(async () => {
    database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `with person as (
         insert into simulated_registry.insured_person (name, birth_date, card_number, mobile_contract)
         values ('甄健康', '1980-02-28', '990000000007', $1) returning registry_person_id)
       insert into simulated_registry.insured_number (number, registry_person_id, kind, place)
       select $2, registry_person_id, 'nationalId', 0 from person`,
      [ownMobile, holder],
    );
    await client.end();
    simulator = await startCarriersSimulator({ databaseUrl: database.url });
  }, 120_000);

  afterEach(() => simulator.setFaults({}));

  afterAll(async () => {
    await simulator?.close();
    await database?.drop();
  });

  const ask = (asked: HolderQuestion, timeoutMs?: number) =>
    createHttpCarriers({
      url: simulator.url,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }).confirmHolder(asked);

  test('a number is confirmed to the person whose own contract it is', async () => {
    expect(await ask(question(ownMobile))).toEqual({ outcome: 'confirmed' });
  });

  test('the same number is not confirmed to anybody else', async () => {
    expect(await ask(question(ownMobile, stranger))).toEqual({ outcome: 'refused', reason: 'notInOwnName' });
  });

  test('a number of which no carrier knows belongs to none of the five', async () => {
    expect(await ask(question(syntheticMobile(999)))).toEqual({ outcome: 'refused', reason: 'otherCarrier' });
  });

  test.each([
    ['0900990901', 'childCard'],
    ['0900990902', 'prepaid'],
    ['0900990903', 'corporate'],
    ['0900990904', 'virtualNetwork'],
    ['0900990905', 'unpaidOrSuspended'],
    ['0900990906', 'unpaidOrSuspended'],
    ['0900990907', 'notInOwnName'],
    ['0900990908', 'otherCarrier'],
    ['0900990909', 'onWifi'],
    ['0900990910', 'foreignNational'],
    ['0900990911', 'lostOrGivenUp'],
    ['0900990912', 'lostOrGivenUp'],
    ['0900990913', 'handsetNotOwn'],
    ['0900990914', 'withoutData'],
  ])('the demonstration number %s is refused as %s', async (mobile, reason) => {
    expect(await ask(question(mobile))).toEqual({ outcome: 'refused', reason });
  });

  test('there is a demonstration number for every reason', () => {
    const shown = new Set(Object.values(demonstrationContracts).map(refusalOf));
    expect(carrierRefusals.filter((reason) => !shown.has(reason))).toEqual([]);
  });

  test('who cannot be seen on the network learns nothing of the contract', () => {
    const worst = {
      ...ordinaryContract,
      plan: 'corporate',
      standing: 'unpaid',
      holder: 'somebody else',
    } as const;
    expect(refusalOf({ ...worst, connection: 'Wi-Fi' })).toBe('onWifi');
    expect(refusalOf(worst)).toBe('unpaidOrSuspended');
  });

  test('a carrier that stays silent is given up after the limit', async () => {
    const begun = performance.now();
    await expect(ask(question('0900990915'), 150)).rejects.toMatchObject({
      name: 'CarriersUnavailable',
      reason: 'timedOut',
    });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(140);
  });

  test('an outage is CarriersUnavailable, and its end is the end of it', async () => {
    simulator.setFaults({ outage: true });
    await expect(ask(question(ownMobile))).rejects.toMatchObject({ reason: 'failed' });
    simulator.setFaults({});
    await expect(ask(question(ownMobile))).resolves.toEqual({ outcome: 'confirmed' });
  });

  test('nobody there at all is CarriersUnavailable, and the error repeats nothing of the question', async () => {
    const asked = question(ownMobile);
    const error = await createHttpCarriers({ url: 'http://127.0.0.1:1' })
      .confirmHolder(asked)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CarriersUnavailable);
    expect(error).toMatchObject({ reason: 'unreachable' });
    const told = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(told).not.toContain(ownMobile);
    expect(told).not.toContain(holder);
  });

  test('faults can be set over HTTP, for a simulator in a process of its own', async () => {
    const set = (faults: object) =>
      fetch(new URL('/simulation/faults', simulator.url), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(faults),
      });
    expect((await set({ outage: true })).status).toBe(204);
    await expect(ask(question(ownMobile))).rejects.toBeInstanceOf(CarriersUnavailable);
    expect((await set({ outage: 'yes' })).status).toBe(400);
    expect((await set({})).status).toBe(204);
  });

  test('a question that is malformed is refused without being repeated', async () => {
    const answer = await fetch(new URL('/v1/holder-confirmations', simulator.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ personNumber: 'canary-number', mobile: ownMobile, connectionAddress: '::1' }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('canary');
  });
});

describe('carriers that answer oddly', () => {
  /**
   * Asks a server that gives these answers one after another, or stays silent where there is none; answers what came
   * of it and how often it was asked.
   */
  async function asked(...answers: { status: number; body: string }[]) {
    let tries = 0;
    const server = createServer((request, response) => {
      request.resume();
      const answer = answers[Math.min(tries, answers.length - 1)];
      tries += 1;
      if (answer) response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const outcome = await createHttpCarriers({ url, ...(answers.length === 0 && { timeoutMs: 150 }) })
        .confirmHolder({
          mobile: ownMobile as Mobile,
          personNumber: holder as PersonNumber,
          connectionAddress: '::1',
        })
        .catch((error: CarriersUnavailable) => error.reason);
      return { outcome, tries };
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test('one failure is got over by asking again', async () => {
    expect(await asked({ status: 502, body: '' }, { status: 200, body: '{"outcome":"confirmed"}' })).toEqual({
      outcome: { outcome: 'confirmed' },
      tries: 2,
    });
  });

  test.each([
    ['no JSON', { status: 200, body: '<html>' }, 'answerNotUnderstood'],
    [
      'a reason that we do not know',
      { status: 200, body: '{"outcome":"refused","reason":"x"}' },
      'answerNotUnderstood',
    ],
    ['a status that we do not expect', { status: 404, body: '{}' }, 'answerNotUnderstood'],
    ['a timeout behind the gateway', { status: 504, body: '' }, 'timedOut'],
  ])('%s confirms nobody and is not asked again', async (_what, answer, reason) => {
    expect(await asked(answer)).toEqual({ outcome: reason, tries: 1 });
  });

  test('silence confirms nobody and is not asked again', async () => {
    expect(await asked()).toEqual({ outcome: 'timedOut', tries: 1 });
  });
});
