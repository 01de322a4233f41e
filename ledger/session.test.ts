import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { LedgerWorld } from '../test/builders/ledger-world';
import { endSession, isSessionEnded, sweepEndedSessions } from './session';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

describe('a session', () => {
  test('is not ended until it is, and ending it twice is as once', async () => {
    const sessionId = randomUUID();
    expect(await isSessionEnded(world.ledger.db, sessionId)).toBe(false);
    await endSession(world.ledger, sessionId);
    await endSession(world.ledger, sessionId);
    expect(await isSessionEnded(world.ledger.db, sessionId)).toBe(true);
  });

  test('stays ended as long as a cookie could bear it, and is forgotten after', async () => {
    const [young, old] = [randomUUID(), randomUUID()];
    await endSession(world.ledger, young);
    await endSession(world.ledger, old);
    await sql`update ended_session set ended_at = clock_timestamp() - interval '3 hours'
      where session_id = ${old}::uuid`.execute(world.ledger.db);
    expect(await sweepEndedSessions(world.ledger, 2 * 3_600_000)).toBe(1);
    expect(await isSessionEnded(world.ledger.db, young)).toBe(true);
    expect(await isSessionEnded(world.ledger.db, old)).toBe(false);
  });
});
