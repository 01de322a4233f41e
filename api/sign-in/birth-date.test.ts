/** For those alone whose duplicate number (重號) was cleared: seed 001, question 7. */
import { syntheticCardNumber, syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import { AppWorld, type Insured } from '../../test/support/app';

let world: AppWorld;
let cleared: Insured;
let ordinary: Insured;
const birthDate = '1966-06-06';

beforeAll(async () => {
  world = await AppWorld.create();
  await world.world.round();
  cleared = await world.insured([9], birthDate);
  ordinary = await world.insured([9], birthDate);
  await world.world.ledger.pool.query(
    'update simulated_registry.insured_person set duplicate_cleared = true where card_number = $1',
    [cleared.cardNumber],
  );
});
afterAll(() => world.close());

const ask = async (asked: { personNumber: string; cardNumber: string; birthDate: string }) =>
  world.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    payload: { method: 'birth-date', ...asked, captcha: await world.captcha() },
  });
const all = ({ personNumber, cardNumber }: Insured) => ({ personNumber, cardNumber, birthDate });

test('whose duplicate was cleared comes in with number, birth date and the new card', async () => {
  const answer = await ask(all(cleared));
  expect(answer.statusCode).toBe(201);
  const { rows } = await world.world.ledger.pool.query('select method from sign_in order by at desc limit 1');
  expect(rows).toEqual([{ method: 'birth-date' }]);
});

test('nobody else does, and all read one and the same answer, though everything they typed be right', async () => {
  const outsider = await world.insured([1], birthDate);
  await world.world.ledger.pool.query(
    'update simulated_registry.insured_person set duplicate_cleared = true where card_number = $1',
    [outsider.cardNumber],
  );
  const bodies = new Set<string>();
  for (const asked of [
    all(ordinary),
    all(outsider),
    { ...all(cleared), birthDate: '1966-06-07' },
    { ...all(cleared), cardNumber: syntheticCardNumber(88_888) },
    { ...all(cleared), personNumber: syntheticNationalId('Z', 'male', 3) },
  ]) {
    const answer = await ask(asked);
    expect(answer.statusCode).toBe(403);
    bodies.add(answer.body);
  }
  expect([...bodies]).toEqual([expect.stringContaining('identityNotConfirmed')]);
});

test.each([
  [{ personNumber: 'A123456780' }, 'personNumberInvalid'],
  [{ birthDate: '1966-02-30' }, 'birthDateInvalid'],
  [{ cardNumber: '123' }, 'cardNumberInvalid'],
  [{ birthDate: '66-6-6' }, 'requestInvalid'],
])('what cannot be is told: %j', async (wrong, code) => {
  expect((await ask({ ...all(cleared), ...wrong })).json()).toMatchObject({ code });
});

test('a registry that is away is told', async () => {
  world.registry.setFaults({ outage: true });
  expect((await ask(all(cleared))).json()).toMatchObject({ code: 'registryUnavailable' });
  world.registry.setFaults({});
});
