import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { parseCardNumber, type CardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber, type PersonNumber } from '../../domain/person-number/person-number';
import {
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from '../../scripts/demo-data/synthetic-numbers';
import { createTestDatabase, type TestDatabase } from '../../test/support/database';
import { createHttpRegistry } from './http-registry';
import { RegistryUnavailable, type CardVerification } from './port';
import { startRegistrySimulator, type RegistrySimulator } from './simulator';

const newNumber = syntheticNewUiNumber('A', 'female', 'foreign', 7);
const oldNumber = syntheticOldUiNumber('A', 'D', 7);
const nationalId = syntheticNationalId('B', 'male', 7);
const card = '990000000007';

function verification(personNumber: string, cardNumber: string): CardVerification {
  const number = parsePersonNumber(personNumber);
  const parsedCard = parseCardNumber(cardNumber);
  if ('refusal' in number || 'refusal' in parsedCard)
    throw new Error('the test needs a valid number and card');
  return { personNumber: number.number, cardNumber: parsedCard.cardNumber };
}

describe('the insurance registry over HTTP', () => {
  let database: TestDatabase;
  let simulator: RegistrySimulator;
  let registryPersonId: string;
  let elderId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const inserted = await client.query<{ registry_person_id: string }>(
      `insert into simulated_registry.insured_person (name, birth_date, card_number, priority_groups)
       values ('NGUYEN VAN AN', '1980-02-29', $1, '{5,9}'), ('甄健康', '1950-01-01', '990000000008', '{}')
       returning registry_person_id`,
      [card],
    );
    const [first, second] = inserted.rows;
    registryPersonId = first?.registry_person_id ?? '';
    await client.query(
      `insert into simulated_registry.insured_number (number, registry_person_id, kind, place)
       values ($1, $4, 'newUiNumber', 0), ($2, $4, 'oldUiNumber', 1), ($3, $5, 'nationalId', 0)`,
      [newNumber, oldNumber, nationalId, registryPersonId, second?.registry_person_id],
    );
    await client.query(
      `insert into simulated_registry.previous_dose values ($1, 2, 'Moderna', '2021-09-01'), ($1, 1, 'AZ', '2021-06-01')`,
      [registryPersonId],
    );
    await client.query(
      `update simulated_registry.insured_person set parental_consents = '[{"product":null,"consentedOn":"2021-08-30"}]',
         duplicate_cleared = true
       where registry_person_id = $1`,
      [registryPersonId],
    );
    await client.query('insert into simulated_registry.parent_of values ($1, $2)', [
      second?.registry_person_id,
      registryPersonId,
    ]);
    elderId = second?.registry_person_id ?? '';
    await client.end();
    simulator = await startRegistrySimulator({ databaseUrl: database.url });
  }, 120_000);

  afterEach(() => simulator.setFaults({}));

  afterAll(async () => {
    await simulator?.close();
    await database?.drop();
  });

  test('number and card that belong together give the person', async () => {
    const answer = await createHttpRegistry({ url: simulator.url }).verifyCard(verification(newNumber, card));
    expect(answer).toEqual({
      outcome: 'match',
      person: {
        registryPersonId,
        name: 'NGUYEN VAN AN',
        birthDate: '1980-02-29',
        sex: 'female',
        personNumbers: [
          { number: newNumber, kind: 'newUiNumber', validFrom: null, validTo: null },
          { number: oldNumber, kind: 'oldUiNumber', validFrom: null, validTo: '2031-01-01' },
        ],
        cardNumber: card,
        priorityGroups: [5, 9],
        previousDoses: [
          { product: 'AZ', givenOn: '2021-06-01', doseNumber: 1 },
          { product: 'Moderna', givenOn: '2021-09-01', doseNumber: 2 },
        ],
        parentalConsents: [{ product: null, consentedOn: '2021-08-30' }],
        duplicateCleared: true,
      },
    });
  });

  test('the old number finds the same person as the new one', async () => {
    const answer = await createHttpRegistry({ url: simulator.url }).verifyCard(verification(oldNumber, card));
    expect(answer).toMatchObject({ outcome: 'match', person: { registryPersonId } });
  });

  test.each([
    ['an unknown person', syntheticNationalId('Z', 'male', 1), card],
    ['a wrong card', newNumber, '990000000009'],
    ["another person's card", nationalId, card],
  ])('%s is no match, and nothing more is said', async (_who, number, cardNumber) => {
    const answer = await createHttpRegistry({ url: simulator.url }).verifyCard(
      verification(number, cardNumber),
    );
    expect(answer).toEqual({ outcome: 'noMatch' });
  });

  test('finds a person for a station by number and birth date, and nobody by another one', async () => {
    const registry = createHttpRegistry({ url: simulator.url });
    const { personNumber } = verification(oldNumber, card);
    const lookup = { personNumber, birthDate: '1980-02-29', stationId: 'hotline-1' };
    expect(await registry.findPerson(lookup)).toMatchObject({
      outcome: 'match',
      person: { registryPersonId, name: 'NGUYEN VAN AN', cardNumber: card },
    });
    expect(await registry.findPerson({ ...lookup, birthDate: '1980-02-28' })).toEqual({ outcome: 'noMatch' });
    simulator.setFaults({ outage: true });
    await expect(registry.findPerson(lookup)).rejects.toMatchObject({ reason: 'failed' });
    simulator.setFaults({});
  });

  describe('kinship', () => {
    const registry = () => createHttpRegistry({ url: simulator.url });
    const { personNumber, cardNumber } = verification(newNumber, card);
    const elder = verification(nationalId, card).personNumber;

    test('is confirmed of a child by number and card, and of a parent by number and birth date', async () => {
      const child = { registryPersonId: elderId, kin: 'child', personNumber, cardNumber } as const;
      expect(await registry().verifyKinship(child)).toMatchObject({
        outcome: 'match',
        person: { registryPersonId, birthDate: '1980-02-29' },
      });
      const parent = {
        registryPersonId,
        kin: 'parent',
        personNumber: elder,
        birthDate: '1950-01-01',
      } as const;
      expect(await registry().verifyKinship(parent)).toMatchObject({
        outcome: 'match',
        person: { registryPersonId: elderId },
      });
    });

    test.each([
      [
        'the other way round',
        () => ({ registryPersonId, kin: 'child' as const, personNumber: elder, cardNumber }),
      ],
      [
        'another card',
        () => ({
          ...verification(newNumber, '990000000009'),
          registryPersonId: elderId,
          kin: 'child' as const,
        }),
      ],
      [
        'another birth date',
        () => ({ registryPersonId, kin: 'parent' as const, personNumber: elder, birthDate: '1950-01-02' }),
      ],
      [
        'an unknown number',
        () => ({
          ...verification(syntheticNationalId('Z', 'male', 1), card),
          registryPersonId: elderId,
          kin: 'child' as const,
        }),
      ],
      ['oneself', () => ({ registryPersonId, kin: 'child' as const, personNumber, cardNumber })],
    ])('%s is no match, and nothing more is said', async (_who, asked) => {
      expect(await registry().verifyKinship(asked())).toEqual({ outcome: 'noMatch' });
    });

    test('is not guessed at when the registry is away', async () => {
      simulator.setFaults({ outage: true });
      await expect(
        registry().verifyKinship({ registryPersonId: elderId, kin: 'child', personNumber, cardNumber }),
      ).rejects.toMatchObject({ reason: 'failed' });
    });
  });

  test('a match takes no longer than a miss', async () => {
    const registry = createHttpRegistry({ url: simulator.url });
    // The least of many in turn: what else the machine does only adds.
    let [match, miss] = [Infinity, Infinity];
    const took = async (asked: CardVerification): Promise<number> => {
      const begun = performance.now();
      await registry.verifyCard(asked);
      return performance.now() - begun;
    };
    for (let run = 0; run < 15; run += 1) {
      match = Math.min(match, await took(verification(newNumber, card)));
      miss = Math.min(miss, await took(verification(syntheticNationalId('Z', 'male', 1), card)));
    }
    expect(match).toBeGreaterThanOrEqual(18);
    expect(miss).toBeGreaterThanOrEqual(18);
    expect(Math.abs(match - miss)).toBeLessThan(15);
  });

  test('tells of the card what it has, cards of the last year only, and of what it does not say nothing', async () => {
    const registry = createHttpRegistry({ url: simulator.url });
    expect(await registry.readCard(registryPersonId)).toEqual({
      ...{
        cardNumber: card,
        priorityGroups: [5, 9],
        insured: null,
        lastNotInsuredOn: null,
        hasArrears: null,
      },
      ...{ issues: [], reaches: { from: expect.any(String), to: expect.any(String) } },
    });
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const issued = (days: number, reason: string) =>
      `jsonb_build_object('issuedOn', current_date - ${String(days)}, 'way', 'post', 'reason', '${reason}')`;
    await client.query(
      `update simulated_registry.insured_person set insured = 'notInsured', last_not_insured_on = '2021-05-31',
        has_arrears = true, card_issues = jsonb_build_array(${issued(30, 'lost')}, ${issued(900, 'first')},
          ${issued(10, 'otherNhi')})
       where registry_person_id = $1`,
      [registryPersonId],
    );
    await client.end();
    const status = await registry.readCard(registryPersonId);
    expect(status).toMatchObject({ insured: 'notInsured', lastNotInsuredOn: '2021-05-31', hasArrears: true });
    expect(status?.issues.map(({ reason }) => reason)).toEqual(['otherNhi', 'lost']);
    expect(await registry.readCard('00000000-0000-4000-8000-000000000000')).toBeUndefined();
  });

  test('an outage is RegistryUnavailable, and its end is the end of it', async () => {
    const registry = createHttpRegistry({ url: simulator.url });
    simulator.setFaults({ outage: true });
    await expect(registry.verifyCard(verification(newNumber, card))).rejects.toMatchObject({
      name: 'RegistryUnavailable',
      reason: 'failed',
    });
    simulator.setFaults({});
    await expect(registry.verifyCard(verification(newNumber, card))).resolves.toMatchObject({
      outcome: 'match',
    });
  });

  test('a registry that is slower than the limit is given up after two tries', async () => {
    simulator.setFaults({ slowByMs: 20_000 });
    const begun = performance.now();
    const registry = createHttpRegistry({ url: simulator.url, timeoutMs: 150 });
    await expect(registry.verifyCard(verification(newNumber, card))).rejects.toMatchObject({
      reason: 'timedOut',
    });
    const taken = performance.now() - begun;
    expect(taken).toBeGreaterThanOrEqual(300);
    expect(taken).toBeLessThan(20_000);
  });

  test('nobody there at all is RegistryUnavailable, and the error repeats nothing of the question', async () => {
    const registry = createHttpRegistry({ url: 'http://127.0.0.1:1' });
    const error = await registry.verifyCard(verification(newNumber, card)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegistryUnavailable);
    expect(error).toMatchObject({ reason: 'unreachable' });
    const told = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(told).not.toContain(newNumber);
    expect(told).not.toContain(card);
  });

  test('faults can be set over HTTP, for a simulator in a process of its own', async () => {
    const set = (faults: object) =>
      fetch(new URL('/simulation/faults', simulator.url), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(faults),
      });
    expect((await set({ outage: true })).status).toBe(204);
    await expect(
      createHttpRegistry({ url: simulator.url }).verifyCard(verification(newNumber, card)),
    ).rejects.toBeInstanceOf(RegistryUnavailable);
    expect((await set({ outage: 'yes' })).status).toBe(400);
    expect((await set({})).status).toBe(204);
  });

  test('a question that is malformed is refused without being repeated', async () => {
    const answer = await fetch(new URL('/v1/card-verifications', simulator.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ personNumber: 'canary-number', cardNumber: card }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('canary');
  });
});

describe('a registry that answers oddly', () => {
  /** A server that gives the same answer each time; `tries` counts the questions. */
  async function withAnswers(
    answers: { status: number; body: string }[],
    run: (url: string) => Promise<void>,
  ) {
    let tries = 0;
    const server = createServer((request, response) => {
      request.resume();
      const answer = answers[Math.min(tries, answers.length - 1)];
      tries += 1;
      response.writeHead(answer?.status ?? 500).end(answer?.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    return tries;
  }
  const asked = { personNumber: newNumber as PersonNumber, cardNumber: card as CardNumber };

  test('one failure is got over by asking again', async () => {
    const tries = await withAnswers(
      [
        { status: 502, body: '' },
        { status: 200, body: '{"outcome":"noMatch"}' },
      ],
      async (url) => {
        await expect(createHttpRegistry({ url }).verifyCard(asked)).resolves.toEqual({ outcome: 'noMatch' });
      },
    );
    expect(tries).toBe(2);
  });

  test.each([
    ['no JSON', { status: 200, body: '<html>' }],
    ['JSON of another form', { status: 200, body: '{"outcome":"match","person":{}}' }],
    ['a status that we do not expect', { status: 404, body: '{}' }],
  ])('%s is not understood and not asked again', async (_what, answer) => {
    const tries = await withAnswers([answer], async (url) => {
      await expect(createHttpRegistry({ url }).verifyCard(asked)).rejects.toMatchObject({
        reason: 'answerNotUnderstood',
      });
    });
    expect(tries).toBe(1);
  });
});
