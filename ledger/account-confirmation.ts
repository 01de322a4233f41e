/** Links in mails: made, looked at, used once. What they confirm happens in the transaction that uses them up. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';

import {
  linkHours,
  mostConfirmationMails,
  resendPauseSeconds,
  type ConfirmationPurpose,
} from '../domain/card-account/card-account';
import type { Email } from '../domain/card-account/email';
import type { Instant } from '../domain/civil-time/plain-date';
import type { MailPurpose } from '../domain/mail/templates';
import type { Refusal } from '../domain/refusal/refusals';
import { sealedFor, voidConfirmations } from './card-account';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { seal, unseal } from './encryption';
import { linkMailsLately, queueMail } from './mail-message';

/** 32 random bytes, base64url: 43 characters, nothing that could be guessed or counted through. */
const tokenForm = /^[A-Za-z0-9_-]{43}$/;

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Where a link stands. */
export type ConfirmationState = 'open' | 'used' | 'expired' | 'void';

/** A link that is known. */
export interface Confirmation {
  readonly tokenHash: Buffer;
  readonly personKey: string;
  readonly purpose: ConfirmationPurpose;
  readonly state: ConfirmationState;
  readonly expiresAt: Instant;
  /** The address that a `newEmail` link confirms. */
  readonly email: string | null;
  /** What a `newPassword` link sets. */
  readonly passwordHash: string | null;
}

/** Finds a link by its secret; `undefined` for one that was never made. */
export async function findConfirmation(
  ledger: Ledger,
  token: string,
  db: LedgerReader = ledger.db,
): Promise<Confirmation | undefined> {
  if (!tokenForm.test(token)) return undefined;
  const row = await db
    .selectFrom('account_confirmation')
    .selectAll()
    .select(sql<boolean>`expires_at <= clock_timestamp()`.as('expired'))
    .where('token_hash', '=', hashOf(token))
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    tokenHash: row.token_hash,
    personKey: row.person_key,
    purpose: row.purpose as ConfirmationPurpose,
    state: row.used_at ? 'used' : row.void_at ? 'void' : row.expired ? 'expired' : 'open',
    expiresAt: row.expires_at.toISOString(),
    email: row.email_cipher && unseal(ledger.keys, sealedFor(row.person_key, 'email'), row.email_cipher),
    passwordHash: row.password_hash,
  };
}

/** May one more mail with a link be asked for? */
export async function linkMailRefusal(tx: LedgerTx, personKey: string): Promise<Refusal | undefined> {
  const { count, newestSecondsAgo } = await linkMailsLately(tx, personKey);
  if (count >= mostConfirmationMails) return { code: 'confirmationMailsSpent' };
  const waitSeconds = resendPauseSeconds - (newestSecondsAgo ?? resendPauseSeconds);
  return waitSeconds > 0 ? { code: 'tooManyAttempts', retryAfterSeconds: Math.ceil(waitSeconds) } : undefined;
}

/** Makes a link and writes its mail; an earlier link for the same thing is void from now on. */
export async function mailConfirmation(
  ledger: Ledger,
  tx: LedgerTx,
  asked: {
    readonly personKey: string;
    readonly purpose: ConfirmationPurpose;
    readonly mail: Extract<
      MailPurpose,
      'confirmApplication' | 'remindApplication' | 'confirmNewEmail' | 'confirmNewPassword'
    >;
    readonly to: string;
    readonly language?: 'zh' | 'en';
    readonly newEmail?: Email;
    readonly passwordHash?: string;
  },
): Promise<void> {
  const { personKey, purpose, newEmail } = asked;
  await voidConfirmations(tx, personKey, purpose);
  const token = randomBytes(32).toString('base64url');
  const tokenHash = hashOf(token);
  const { rows } = await sql<{ expires_at: Date }>`
    insert into account_confirmation (token_hash, person_key, purpose, email_cipher, password_hash, expires_at)
    values (${tokenHash}, ${personKey}::uuid, ${purpose},
      ${newEmail ? seal(ledger.keys, sealedFor(personKey, 'email'), newEmail) : null}, ${asked.passwordHash ?? null},
      clock_timestamp() + ${linkHours[purpose]} * interval '1 hour')
    returning expires_at
  `.execute(tx);
  await queueMail(ledger, tx, {
    personKey,
    purpose: asked.mail,
    to: asked.to,
    ...(asked.language && { language: asked.language }),
    link: { token, tokenHash },
    parameters: { until: rows[0]?.expires_at.toISOString() ?? '' },
  });
}

/** Uses a link up. */
export async function useConfirmation(tx: LedgerTx, tokenHash: Buffer): Promise<void> {
  await sql`update account_confirmation set used_at = clock_timestamp() where token_hash = ${tokenHash}`.execute(
    tx,
  );
}

/** Removes links that nobody can use any more, a month after they ended; until then they say what became of them. */
export async function sweepConfirmations(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from account_confirmation where expires_at < clock_timestamp() - interval '30 days'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
