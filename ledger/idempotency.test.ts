import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';

import { LedgerWorld } from '../test/builders/ledger-world';
import { requestHash, sweepAnswers } from './idempotency';

const keys = { indexKey: randomBytes(32) };

describe('what was asked', () => {
  test('is the same whatever the order of its fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const reversed = Object.fromEntries(Object.entries(body).reverse());
        expect(requestHash(keys, 'PUT', '/v1/registration', reversed)).toEqual(
          requestHash(keys, 'PUT', '/v1/registration', body),
        );
      }),
    );
  });

  test.each([
    ['another method', 'DELETE', '/v1/registration', { a: [1, 2] }],
    ['another path', 'PUT', '/v1/appointments', { a: [1, 2] }],
    ['another value', 'PUT', '/v1/registration', { a: [1, 3] }],
    ['another order of a list', 'PUT', '/v1/registration', { a: [2, 1] }],
    ['a list for an object', 'PUT', '/v1/registration', [['a', [1, 2]]]],
    ['no body', 'PUT', '/v1/registration', undefined],
  ])('differs with %s', (_what, method, path, body) => {
    expect(requestHash(keys, method, path, body)).not.toEqual(
      requestHash(keys, 'PUT', '/v1/registration', { a: [1, 2] }),
    );
  });
});

test('answers are kept for a day and swept in bounded steps', async () => {
  const world = await LedgerWorld.create();
  await sql`insert into idempotent_answer (person_key, idempotency_key, request_hash, outcome, answered_at)
    select gen_random_uuid(), 'k', '\\x00', '{}', clock_timestamp() - make_interval(hours => n)
    from generate_series(1, 47) n`.execute(world.ledger.db);
  expect(await sweepAnswers(world.ledger, { batch: 5 })).toBe(24);
  expect(await sweepAnswers(world.ledger)).toBe(0);
  const { rows } = await sql`select count(*) as kept from idempotent_answer`.execute(world.ledger.db);
  expect(rows).toEqual([{ kept: 23 }]);
  await world.close();
});
