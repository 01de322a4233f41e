import { openInstance, type Instance } from '../../scripts/demo/instance';
import { CitizenClient, type ApiAnswer } from '../../scripts/demo/citizen-client';
import { expectGovernmentForm } from '../../scripts/demo/way';
import { brokenInvariants } from '../../scripts/faults/invariants';
import { journeyPerson, loadJourneyRound } from './journey-round';

jest.setTimeout(120_000);

const clients = 200;
const places = 50;
/** Signing in at the same time; each try solves a captcha and takes the sign-in's fixed time. */
const signingInAtOnce = 12;

const people = Array.from({ length: clients }, (_, index) => journeyPerson(index + 1));
const round = {
  roundId: 'oversell',
  kind: 'bookIfEligible',
  people,
  // The window wished for is the first; three others are left to be offered instead.
  sessionDays: [2, 3],
  windows: ['09:00-12:00', '14:00-17:00'],
  capacity: places,
} as const;

let instance: Instance;
beforeAll(async () => {
  instance = await openInstance({
    loadData: (databaseUrl) => loadJourneyRound(databaseUrl, new Date().toISOString(), round),
  });
});
afterAll(() => instance.close());

interface Slot {
  readonly slotId: number;
  readonly left: number;
}

interface BookingAnswer {
  readonly code?: string;
  readonly title?: string;
  readonly appointmentNumber?: string;
  readonly alternatives?: readonly Slot[];
}

async function slotsOfTheSite(): Promise<readonly Slot[]> {
  const path = '/v1/sites/J1/slots?product=Moderna&roundId=oversell';
  return (await new CitizenClient(instance.url).must<{ slots: Slot[] }>('GET', path)).slots;
}

async function signedIn(): Promise<readonly CitizenClient[]> {
  const waiting = [...people];
  const ready: CitizenClient[] = [];
  const lane = async () => {
    for (let person = waiting.pop(); person; person = waiting.pop()) {
      const client = new CitizenClient(instance.url);
      await client.signIn(person.personNumber, person.cardNumber);
      ready.push(client);
    }
  };
  await Promise.all(Array.from({ length: signingInAtOnce }, lane));
  return ready;
}

test('200 clients at once on a slot of 50: 50 appointments, 150 clear refusals, nothing else', async () => {
  const citizens = await signedIn();
  const [wished] = await slotsOfTheSite();
  if (!wished) throw new Error('the site has windows');
  expect(wished.left).toBe(places);

  const answers: ApiAnswer<BookingAnswer>[] = await Promise.all(
    // On a machine that does other things as well the API may shed load; the same request is then made again.
    citizens.map((client) =>
      client.persist<BookingAnswer>('POST', '/v1/appointments', {
        slotId: wished.slotId,
        mobile: '0900099999',
      }),
    ),
  );

  const outcomes: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = `${String(status)} ${body.code ?? ''}`.trim();
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  expect(outcomes).toEqual({ '201': places, '409 slotFull': clients - places });
  const booked = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 409);
  expect(new Set(booked.map(({ body }) => body.appointmentNumber)).size).toBe(places);
  for (const { body } of refused) {
    expect(body.title).toBeTruthy();
    expect(body.alternatives).toHaveLength(3);
    for (const slot of body.alternatives ?? []) {
      expect(slot.slotId).not.toBe(wished.slotId);
      expect(slot.left).toBeGreaterThan(0);
    }
  }
  expect((await slotsOfTheSite())[0]?.left).toBe(0);

  await instance.clock.untilRest();
  const inbox = await instance.received();
  expect(inbox).toHaveLength(places);
  for (const { body, mobile } of inbox) expectGovernmentForm(body, mobile);
  const acknowledged = booked.map(({ body }) => ({
    act: 'book' as const,
    appointmentNumber: body.appointmentNumber ?? '',
    slotId: wished.slotId,
  }));
  expect(await brokenInvariants(instance.ledger.db, { acknowledged, inbox })).toEqual([]);
});
