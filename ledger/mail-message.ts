/** Mails that are owed: written with the change that they tell of, claimed and sent by the casework process. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import type { MailParameters, MailPurpose } from '../domain/mail/templates';
import type { Instant } from '../domain/civil-time/plain-date';
import type { Ledger, LedgerDb, LedgerTx } from './database';
import { seal, unseal } from './encryption';

export interface MailToQueue {
  readonly personKey: string;
  readonly purpose: MailPurpose;
  readonly to: string;
  /** Of the person's account where it is left out. */
  readonly language?: 'zh' | 'en';
  /** The secret of the link in it, with what it is known by. */
  readonly link?: { readonly token: string; readonly tokenHash: Buffer };
  readonly parameters?: MailParameters;
}

const sealedFor = (mailMessageId: string, column: 'recipient' | 'token'): string =>
  `${mailMessageId}/${column}`;

/** Writes a mail that is to be sent; call it in the transaction of the change. */
export async function queueMail(ledger: Ledger, tx: LedgerTx, mail: MailToQueue): Promise<void> {
  const id = randomUUID();
  const { personKey, purpose, link, parameters = {} } = mail;
  const occasion = link ? link.tokenHash.toString('hex') : id;
  const recipient = seal(ledger.keys, sealedFor(id, 'recipient'), mail.to);
  const token = link ? seal(ledger.keys, sealedFor(id, 'token'), link.token) : null;
  await sql`
    insert into mail_message (mail_message_id, person_key, purpose, occasion, language, recipient_cipher, token_cipher, parameters)
    select ${id}::uuid, ${personKey}::uuid, ${purpose}, ${occasion},
      coalesce(${mail.language ?? null}, (select language from card_account where person_key = ${personKey}::uuid), 'zh'),
      ${recipient}, ${token}, ${JSON.stringify(parameters)}::jsonb
    on conflict on constraint mail_message_once_per_occasion do nothing
  `.execute(tx);
}

/** A mail that was claimed, opened. */
export interface ClaimedMail {
  readonly mailMessageId: string;
  readonly purpose: MailPurpose;
  readonly language: 'zh' | 'en';
  readonly to: string;
  readonly token: string | null;
  readonly parameters: MailParameters;
  readonly attempts: number;
  readonly createdAt: Instant;
}

/** Claims mails that are due, for `leaseMs`: whoever dies with them leaves them to be taken up again after that. */
export async function claimMails(
  ledger: Ledger,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<readonly ClaimedMail[]> {
  const { rows } = await sql<{
    mail_message_id: string;
    purpose: MailPurpose;
    language: 'zh' | 'en';
    recipient_cipher: Buffer;
    token_cipher: Buffer | null;
    parameters: MailParameters;
    attempts: number;
    created_at: Date;
  }>`
    update mail_message m set attempts = least(m.attempts + 1, 10000),
      next_attempt_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where m.mail_message_id in (
      select d.mail_message_id from mail_message d
      where d.status = 'queued' and d.next_attempt_at <= clock_timestamp()
      order by d.next_attempt_at limit ${limit} for update skip locked)
    returning m.mail_message_id, m.purpose, m.language, m.recipient_cipher, m.token_cipher, m.parameters, m.attempts,
      m.created_at
  `.execute(ledger.db);
  return rows.map((row) => ({
    mailMessageId: row.mail_message_id,
    purpose: row.purpose,
    language: row.language,
    to: unseal(ledger.keys, sealedFor(row.mail_message_id, 'recipient'), row.recipient_cipher),
    token: row.token_cipher && unseal(ledger.keys, sealedFor(row.mail_message_id, 'token'), row.token_cipher),
    parameters: row.parameters,
    attempts: row.attempts,
    createdAt: row.created_at.toISOString(),
  }));
}

/** What became of a try; `code` is the mail server's number or the connection's error, never its words. */
export type MailTry =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly code: string }
  /** `ours`: the try failed through no fault of the mail and is not counted. */
  | { readonly kind: 'again'; readonly afterMs: number; readonly code: string; readonly ours: boolean };

/** Records it. A mail that was dropped meanwhile stays dropped. */
export async function recordMailTry(db: LedgerDb, mailMessageId: string, outcome: MailTry): Promise<void> {
  if (outcome.kind === 'again') {
    await sql`
      update mail_message set last_code = ${outcome.code},
        attempts = greatest(attempts - ${outcome.ours ? 1 : 0}, 0),
        next_attempt_at = clock_timestamp() + ${outcome.afterMs} * interval '1 millisecond'
      where mail_message_id = ${mailMessageId}::uuid and status = 'queued'
    `.execute(db);
    return;
  }
  const code = outcome.kind === 'refused' ? outcome.code : null;
  await sql`
    update mail_message set status = ${outcome.kind}, ended_at = clock_timestamp(), token_cipher = null, last_code = ${code}
    where mail_message_id = ${mailMessageId}::uuid and status = 'queued'
  `.execute(db);
}

/** How it stands with the newest mail to a person that carried a link: what their page tells when it does not come. */
export interface MailStanding {
  readonly status: 'queued' | 'sent' | 'refused' | 'dropped';
  readonly attempts: number;
  readonly queuedAt: Instant;
  readonly lastCode: string | null;
}

/** The newest mail with a link, `undefined` when none was ever written. */
export async function newestLinkMail(
  db: LedgerDb | LedgerTx,
  personKey: string,
): Promise<MailStanding | undefined> {
  const row = await db
    .selectFrom('mail_message')
    .select(['status', 'attempts', 'created_at', 'last_code'])
    .where('person_key', '=', personKey)
    .where('purpose', 'in', [...linkPurposes])
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return (
    row && {
      status: row.status as MailStanding['status'],
      attempts: row.attempts,
      queuedAt: row.created_at.toISOString(),
      lastCode: row.last_code,
    }
  );
}

const linkPurposes = [
  'confirmApplication',
  'remindApplication',
  'confirmNewEmail',
  'confirmNewPassword',
] as const satisfies readonly MailPurpose[];

/** Mails with a link of the last day, and when the newest was asked for, by the clock on the wall. */
export async function linkMailsLately(
  db: LedgerDb | LedgerTx,
  personKey: string,
): Promise<{ readonly count: number; readonly newestSecondsAgo: number | null }> {
  const { rows } = await sql<{ count: number; newest: number | null }>`
    select count(*) as count, extract(epoch from clock_timestamp() - max(created_at))::float8 as newest
    from mail_message where person_key = ${personKey}::uuid and purpose = any(${[...linkPurposes]}::text[])
      and created_at > clock_timestamp() - interval '1 day'
  `.execute(db);
  return { count: rows[0]?.count ?? 0, newestSecondsAgo: rows[0]?.newest ?? null };
}

/** Mails waiting to be sent, and for how long the oldest has been due, in seconds. */
export async function mailsWaiting(
  db: LedgerDb,
): Promise<{ readonly count: number; readonly oldestSeconds: number }> {
  const { rows } = await sql<{ count: number; oldest: number | null }>`
    select count(*) as count, extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest
    from mail_message where status = 'queued'
  `.execute(db);
  return { count: rows[0]?.count ?? 0, oldestSeconds: Math.max(0, rows[0]?.oldest ?? 0) };
}

/** Removes mails a month after they ended: nobody asks for them any more, and an address stands in each. Answers how many. */
export async function sweepMails(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from mail_message where ended_at < clock_timestamp() - interval '30 days'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
