import { sql } from 'kysely';

import { LedgerWorld } from '../test/builders/ledger-world';
import { ensureAuditPartitions, readHistory } from './audit';
import { recordChange } from './citizen-command';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());
const db = () => world.ledger.db;

async function personWithHistory(): Promise<string> {
  const personKey = await world.person();
  for (const act of ['register', 'change', 'withdraw'] as const) {
    await db()
      .transaction()
      .execute((tx) =>
        recordChange(tx, { personKey, actor: 'citizen', channel: 'web' }, act, { roundId: 'r' }),
      );
  }
  return personKey;
}

describe("a person's history", () => {
  test('is read newest first, up to a limit', async () => {
    const personKey = await personWithHistory();
    const history = await readHistory(db(), personKey);
    expect(history.map(({ act, version }) => [act, version])).toEqual([
      ['withdraw', 3],
      ['change', 2],
      ['register', 1],
    ]);
    expect(await readHistory(db(), personKey, { limit: 1 })).toEqual(history.slice(0, 1));
  });

  test.each([
    ['changed', sql`update audit_entry set act = 'other'`],
    ['deleted', sql`delete from audit_entry`],
    ['emptied', sql`truncate audit_entry`],
  ])('cannot be %s', async (_how, statement) => {
    const personKey = await personWithHistory();
    await expect(statement.execute(db())).rejects.toThrow('append-only');
    expect(await readHistory(db(), personKey)).toHaveLength(3);
  });

  test("cannot be changed by the back door of a day's partition either", async () => {
    const personKey = await personWithHistory();
    const { rows } = await sql<{ partition: string }>`
      select tableoid::regclass::text as partition from audit_entry where person_key = ${personKey}::uuid limit 1
    `.execute(db());
    const partition = sql.table(rows[0]?.partition ?? '');
    await expect(sql`update ${partition} set act = 'other'`.execute(db())).rejects.toThrow('append-only');
    await expect(sql`delete from ${partition}`.execute(db())).rejects.toThrow('append-only');
    await expect(sql`truncate ${partition}`.execute(db())).rejects.toThrow('append-only');
  });

  test('stands in a partition of its own day, made days ahead and only once', async () => {
    const { rows } = await sql`select from audit_entry_default`.execute(db());
    expect(rows).toHaveLength(0);
    expect(await ensureAuditPartitions(db(), 14)).toBe(0);
    expect(await ensureAuditPartitions(db(), 20)).toBe(6);
    const [a, b] = await Promise.all([ensureAuditPartitions(db(), 30), ensureAuditPartitions(db(), 30)]);
    expect((a ?? 0) + (b ?? 0)).toBe(10);
  });
});
