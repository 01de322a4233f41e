import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { searchAttributes } from '../../config/search-attributes';
import { createEmptyDatabase, createTestDatabase } from './database';
import { createTestTemporal } from './temporal';

describe('the parts that tests run on', () => {
  test('each test file has a migrated database of its own', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    expect(one.url).not.toBe(other.url);
    const client = new Client({ connectionString: one.url });
    await client.connect();
    const applied = await client.query('SELECT count(*)::int AS n FROM kysely_migration');
    await client.end();
    expect(applied.rows).toEqual([{ n: expect.any(Number) }]);
    await Promise.all([one.drop(), other.drop()]);
  });

  test('an empty database has no table', async () => {
    const database = await createEmptyDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const tables = await client.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`);
    await client.end();
    await database.drop();
    expect(tables.rowCount).toBe(0);
  });

  test('each test file has a namespace of its own, with the search attributes', async () => {
    const one = await createTestTemporal();
    const other = await createTestTemporal();
    expect(one.namespace).not.toBe(other.namespace);
    const connection = await Connection.connect({ address: one.address });
    const known = await connection.operatorService.listSearchAttributes({ namespace: other.namespace });
    await connection.close();
    expect(Object.keys(known.customAttributes ?? {})).toEqual(
      expect.arrayContaining(searchAttributes.map(({ name }) => name)),
    );
  });
});
