import { sql } from 'kysely';

import { LedgerWorld } from '../test/builders/ledger-world';
import { dropDraft, readDraft, saveDraft, sweepDrafts } from './draft';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());

const answers = { mobile: '0912345678', products: ['AZ', 'Moderna'] };

describe('a draft', () => {
  test('comes back as it was saved, the last one of each journey', async () => {
    const personKey = await world.person();
    await saveDraft(world.ledger, personKey, 'registration', { mobile: '0900000000' });
    await saveDraft(world.ledger, personKey, 'registration', answers);
    await saveDraft(world.ledger, personKey, 'booking', { siteId: 'S1' });
    expect(await readDraft(world.ledger, personKey, 'registration')).toEqual(answers);
    expect(await readDraft(world.ledger, personKey, 'booking')).toEqual({ siteId: 'S1' });
  });

  test('is gone once it was dropped, and is none for who saved none', async () => {
    const personKey = await world.person();
    await saveDraft(world.ledger, personKey, 'registration', answers);
    await dropDraft(world.ledger, personKey, 'registration');
    expect(await readDraft(world.ledger, personKey, 'registration')).toBeUndefined();
  });

  test('is sealed, and opens neither for another person nor for another journey', async () => {
    const [personKey, other] = [await world.person(), await world.person()];
    await saveDraft(world.ledger, personKey, 'registration', answers);
    const { rows } = await sql`select from page_draft d where d::text like '%0912345678%'`.execute(
      world.ledger.db,
    );
    expect(rows).toHaveLength(0);
    await sql`insert into page_draft select ${other}::uuid, journey, answers_cipher from page_draft
      where person_key = ${personKey}::uuid`.execute(world.ledger.db);
    await expect(readDraft(world.ledger, other, 'registration')).rejects.toThrow('does not open');
    await sql`update page_draft set journey = 'booking' where person_key = ${personKey}::uuid`.execute(
      world.ledger.db,
    );
    await expect(readDraft(world.ledger, personKey, 'booking')).rejects.toThrow('does not open');
  });

  test('is kept for a day', async () => {
    const personKey = await world.person();
    await saveDraft(world.ledger, personKey, 'registration', answers);
    await sql`update page_draft set saved_at = clock_timestamp() - interval '25 hours'
      where person_key = ${personKey}::uuid`.execute(world.ledger.db);
    expect(await readDraft(world.ledger, personKey, 'registration')).toBeUndefined();
    expect(await sweepDrafts(world.ledger)).toBe(1);
  });
});
