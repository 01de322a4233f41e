import { randomUUID } from 'node:crypto';

import { LedgerWorld } from '../test/builders/ledger-world';
import { isSessionEnded } from './session';
import { endSessionsOf, recordSignIn, signInsOf, sweepSignIns } from './sign-in';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

async function signedIn(personKey: string, daysAgo = 0): Promise<string> {
  const sessionId = randomUUID();
  await recordSignIn(world.ledger.db, {
    ...{ sessionId, personKey, method: 'card-number' },
    ...{ browser: 'Firefox', operatingSystem: 'Windows' },
  });
  await world.ledger.pool.query(
    'update sign_in set at = at - $2 * interval $$1 day$$ where session_id = $1',
    [sessionId, daysAgo],
  );
  return sessionId;
}

test('a person finds their sign-ins, newest first, of half a year and nobody else’s', async () => {
  const [person, other] = [await world.person(), await world.person()];
  const old = await signedIn(person, 170);
  const now = await signedIn(person);
  await signedIn(person, 181);
  await signedIn(other);
  expect((await signInsOf(world.ledger.db, person)).map(({ sessionId }) => sessionId)).toEqual([now, old]);
});

test('ending a person’s sessions ends each of them but the one in which it is asked, and nobody else’s', async () => {
  const [person, other] = [await world.person(), await world.person()];
  const [mine, stolen, elsewhere] = [await signedIn(person), await signedIn(person), await signedIn(other)];
  const ended = await endSessionsOf(world.ledger.db, person, { except: mine });
  expect(ended).toEqual([stolen]);
  expect(await isSessionEnded(world.ledger.db, stolen)).toBe(true);
  expect(await isSessionEnded(world.ledger.db, mine)).toBe(false);
  expect(await isSessionEnded(world.ledger.db, elsewhere)).toBe(false);
  expect(await endSessionsOf(world.ledger.db, person)).toEqual([mine]);
  expect(await endSessionsOf(world.ledger.db, person)).toEqual([]);
  expect((await signInsOf(world.ledger.db, person)).every(({ ended: over }) => over)).toBe(true);
});

test('sign-ins older than half a year are swept', async () => {
  const person = await world.person();
  await signedIn(person, 181);
  const kept = await signedIn(person, 179);
  await sweepSignIns(world.ledger);
  const { rows } = await world.ledger.pool.query('select session_id from sign_in where person_key = $1', [
    person,
  ]);
  expect(rows).toEqual([{ session_id: kept }]);
});
