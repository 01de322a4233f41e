/** People who register their cards online, for tests of what follows. */
import { sql } from 'kysely';

import type { Email } from '../../domain/card-account/email';
import type { Mobile } from '../../domain/person-number/mobile';
import { applyForAccount } from '../../ledger/card-account-application';
import { claimMails, recordMailTry } from '../../ledger/mail-message';
import type { LedgerWorld } from './ledger-world';

/** A password that may be set by anybody in tests. */
export const testPassword = 'k7mzQ2!x';
export const testEmail = 'jianguo@example.com' as Email;
const mobile = '0900000678' as Mobile;

/** Somebody who applied and has not confirmed the address yet. */
export async function anApplication(world: LedgerWorld, personKey?: string): Promise<string> {
  const someone = personKey ?? (await world.person());
  const wish = { email: testEmail, mobile, password: testPassword, language: 'zh' } as const;
  const applied = await applyForAccount(world.ledger, world.acting(someone), wish);
  if (!applied.ok) throw new Error(applied.refusal.code);
  return someone;
}

/** The secret of the newest link that waits to be mailed to the person; all waiting mails count as sent then. */
export async function mailedToken(world: LedgerWorld, personKey: string): Promise<string> {
  const { db } = world.ledger;
  await sql`update mail_message set next_attempt_at = clock_timestamp() where status = 'queued'`.execute(db);
  const { rows } = await sql<{ id: string }>`
    select mail_message_id as id from mail_message where person_key = ${personKey}::uuid and status = 'queued'
    order by created_at desc`.execute(db);
  const claimed = await claimMails(world.ledger, { limit: 1_000, leaseMs: 60_000 });
  for (const { mailMessageId } of claimed) await recordMailTry(db, mailMessageId, { kind: 'sent' });
  const token = rows
    .map(({ id }) => claimed.find(({ mailMessageId }) => mailMessageId === id)?.token)
    .find((found) => typeof found === 'string');
  if (!token) throw new Error('no link waits to be mailed');
  return token;
}
