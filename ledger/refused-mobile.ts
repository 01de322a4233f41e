/** A mobile that the gateway refused: no text reaches the person, who can read so on their own pages. */
import { sql } from 'kysely';

import { openMobile } from './contact';
import type { Ledger } from './database';
import { codesOfOurs } from './text-outcome';

/**
 * The mobile that the person gave last, when the gateway refused the newest text to it for good. Undefined when a later
 * text reached it, when another mobile was given since, or when nothing was refused.
 */
export async function findRefusedMobile(ledger: Ledger, personKey: string): Promise<string | undefined> {
  const { rows } = await sql<{ contact_id: string; mobile_cipher: Buffer; refused: boolean }>`
    select c.contact_id, c.mobile_cipher,
      t.status = 'rejected' and t.last_code <> all(${[...codesOfOurs]}::text[]) as refused
    from (
      select contact_id, mobile_cipher from contact
      where person_key = ${personKey}::uuid order by given_at desc limit 1
    ) c
    join text_message t on t.contact_id = c.contact_id and t.person_key = ${personKey}::uuid
      and t.status in ('accepted', 'delivered', 'undelivered', 'rejected')
    order by t.created_at desc limit 1
  `.execute(ledger.db);
  const [newest] = rows;
  return newest?.refused ? openMobile(ledger.keys, newest) : undefined;
}
