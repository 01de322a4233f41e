/** Applying for a card account, and what becomes of an application: confirmed, reminded of, given up, forgotten. */
import { sql } from 'kysely';

import { applicationEnd, applicationStep } from '../domain/card-account/card-account';
import type { Email } from '../domain/card-account/email';
import type { Instant } from '../domain/civil-time/plain-date';
import type { Mobile } from '../domain/person-number/mobile';
import { refused, type Outcome } from '../domain/refusal/refusals';
import {
  findConfirmation,
  linkMailRefusal,
  mailConfirmation,
  useConfirmation,
  type Confirmation,
} from './account-confirmation';
import {
  hashPassword,
  readAccount,
  readNewPassword,
  recordAccountAct,
  sealedFor,
  tellCase,
  voidConfirmations,
  writePassword,
} from './card-account';
import { citizenCommand, retryingDeadlocks, type CommandContext } from './citizen-command';
import type { Ledger, LedgerTx } from './database';
import { seal } from './encryption';
import { queueMail } from './mail-message';

/** What an applicant gives beside card and household, which were confirmed before. */
export interface AccountApplication {
  readonly email: Email;
  readonly mobile: Mobile;
  readonly password: string;
  readonly language: 'zh' | 'en';
}

export interface AppliedFor {
  /** Until then the address has to be confirmed. */
  readonly until: Instant;
}

/**
 * Takes an application, or corrects one that still awaits confirmation: its links are void and a new one is mailed.
 * Refuses with `cardAccountExists`, what `readNewPassword` refuses with, `confirmationMailsSpent` and
 * `tooManyAttempts`.
 */
export async function applyForAccount(
  ledger: Ledger,
  context: CommandContext,
  wish: AccountApplication,
): Promise<Outcome<AppliedFor>> {
  const { personKey } = context;
  const read = await readNewPassword(ledger, personKey, wish.password, wish);
  if (!read.ok) return read;
  const passwordHash = await hashPassword(ledger.keys, read.value);
  return citizenCommand(ledger, context, [], async (tx, { now }) => {
    const before = await readAccount(ledger, personKey, tx);
    if (before?.state === 'active') return { refusal: { code: 'cardAccountExists' } };
    const tooMany = await linkMailRefusal(tx, personKey);
    if (tooMany) return { refusal: tooMany };
    // A correction gains no time: whoever applies anew every week would keep a foreign address waiting for ever.
    const appliedAt = before?.state === 'awaitingConfirmation' ? before.appliedAt : now;
    await sql`
      insert into card_account as a (person_key, state, password_hash, email_cipher, mobile_cipher, language, registered_by, applied_at)
      values (${personKey}::uuid, 'awaitingConfirmation', ${passwordHash},
        ${seal(ledger.keys, sealedFor(personKey, 'email'), wish.email)},
        ${seal(ledger.keys, sealedFor(personKey, 'mobile'), wish.mobile)}, ${wish.language}, 'reader', ${appliedAt}::timestamptz)
      on conflict (person_key) do update set state = excluded.state, password_hash = excluded.password_hash,
        password_set_at = ledger_now(), email_cipher = excluded.email_cipher, mobile_cipher = excluded.mobile_cipher,
        language = excluded.language, registered_by = excluded.registered_by, applied_at = excluded.applied_at,
        activated_at = null, deactivated_at = null,
        reminded_at = case when a.state = 'awaitingConfirmation' then a.reminded_at end
    `.execute(tx);
    await mailConfirmation(ledger, tx, {
      personKey,
      purpose: 'application',
      mail: 'confirmApplication',
      to: wish.email,
      language: wish.language,
    });
    await tellCase(tx, personKey, now);
    await recordAccountAct(tx, context, 'applyForAccount');
    return { outcome: { until: applicationEnd(appliedAt) } };
  });
}

/** Mails a new link for an application. Refuses with `applicationMissing`, `confirmationMailsSpent`, `tooManyAttempts`. */
export function resendConfirmation(ledger: Ledger, context: CommandContext): Promise<Outcome<AppliedFor>> {
  const { personKey } = context;
  return citizenCommand(ledger, context, [], async (tx) => {
    const account = await readAccount(ledger, personKey, tx);
    if (account?.state !== 'awaitingConfirmation' || account.email === null) {
      return { refusal: { code: 'applicationMissing' } };
    }
    const tooMany = await linkMailRefusal(tx, personKey);
    if (tooMany) return { refusal: tooMany };
    await mailConfirmation(ledger, tx, {
      personKey,
      purpose: 'application',
      mail: 'confirmApplication',
      to: account.email,
    });
    return { outcome: { until: applicationEnd(account.appliedAt) } };
  });
}

/** Deletes an application that nobody confirmed, with all that was given. Refuses with `applicationMissing`. */
export function deleteApplication(ledger: Ledger, context: CommandContext): Promise<Outcome<'deleted'>> {
  return citizenCommand(ledger, context, [], async (tx) => {
    if (!(await removeApplication(tx, context))) return { refusal: { code: 'applicationMissing' } };
    return { outcome: 'deleted' as const };
  });
}

async function removeApplication(
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
): Promise<boolean> {
  const { personKey } = context;
  const { numDeletedRows } = await tx
    .deleteFrom('card_account')
    .where('person_key', '=', personKey)
    .where('state', '=', 'awaitingConfirmation')
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return false;
  await voidConfirmations(tx, personKey);
  await tellCase(tx, personKey, null);
  await recordAccountAct(tx, context, 'deleteApplication');
  return true;
}

/** What was confirmed by a link. */
export type Confirmed = { readonly purpose: Confirmation['purpose'] };

/**
 * Does what the link was mailed for. Refuses with `confirmationUnknown`, `confirmationUsed`, `confirmationExpired`,
 * `confirmationOvertaken`. The link alone suffices: whoever has it reads the mailbox, and nothing of the person is shown.
 */
export async function confirmByLink(ledger: Ledger, token: string): Promise<Outcome<Confirmed>> {
  const known = await findConfirmation(ledger, token);
  if (!known) return refused({ code: 'confirmationUnknown' });
  const context = { personKey: known.personKey, actor: 'citizen', channel: 'mail' } as const;
  return citizenCommand(ledger, context, [], async (tx, { now }) => {
    const link = await findConfirmation(ledger, token, tx);
    if (!link) return { refusal: { code: 'confirmationUnknown' } };
    if (link.state === 'used') return { refusal: { code: 'confirmationUsed', purpose: link.purpose } };
    if (link.state === 'expired') return { refusal: { code: 'confirmationExpired', purpose: link.purpose } };
    if (link.state === 'void') return { refusal: { code: 'confirmationOvertaken' } };
    await useConfirmation(tx, link.tokenHash);
    await carryOut(ledger, tx, context, link, now);
    return { outcome: { purpose: link.purpose } };
  });
}

async function carryOut(
  ledger: Ledger,
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
  link: Confirmation,
  now: Instant,
): Promise<void> {
  const { personKey } = context;
  const account = await readAccount(ledger, personKey, tx);
  switch (link.purpose) {
    case 'application':
      await sql`
        update card_account set state = 'active', activated_at = ${now}::timestamptz
        where person_key = ${personKey}::uuid and state = 'awaitingConfirmation'
      `.execute(tx);
      if (account?.email)
        await queueMail(ledger, tx, { personKey, purpose: 'accountActive', to: account.email });
      await tellCase(tx, personKey, null);
      await recordAccountAct(tx, context, 'registerCard', { by: 'reader' });
      return;
    case 'newEmail': {
      const email = link.email ?? '';
      await sql`
        update card_account set email_cipher = ${seal(ledger.keys, sealedFor(personKey, 'email'), email)}
        where person_key = ${personKey}::uuid
      `.execute(tx);
      // To the old address too: whoever did not ask for this learns of it there.
      if (account?.email)
        await queueMail(ledger, tx, { personKey, purpose: 'emailChanged', to: account.email });
      await recordAccountAct(tx, context, 'changeAccountContact', { email: 1 });
      return;
    }
    case 'newPassword':
      await writePassword(ledger, tx, context, {
        passwordHash: link.passwordHash ?? '',
        by: account?.registeredBy ?? 'reader',
        mobile: null,
      });
      return;
    default:
      throw new Error(`no such purpose: ${String(link.purpose satisfies never)}`);
  }
}

/** What the workflow of an account learns: when to look again, or that nothing waits any more. */
export type ApplicationLook =
  { readonly answer: 'waits'; readonly until: Instant } | { readonly answer: 'settled' };

/**
 * Takes the steps that are due with the person's application by the ledger's clock: one reminder with a new link, and
 * at the end its deletion. Taken again it goes on from what is there.
 */
export function lookAfterApplication(ledger: Ledger, personKey: string): Promise<ApplicationLook> {
  const context = { personKey, actor: 'workflow', channel: 'card-account-workflow' } as const;
  return retryingDeadlocks(() =>
    ledger.db.transaction().execute(async (tx): Promise<ApplicationLook> => {
      await sql`select from person where person_key = ${personKey}::uuid for no key update`.execute(tx);
      const { rows } = await sql<{ applied_at: Date; reminded: boolean; now: Date }>`
        select applied_at, reminded_at is not null as reminded, ledger_now() as now from card_account
        where person_key = ${personKey}::uuid and state = 'awaitingConfirmation'
      `.execute(tx);
      const [application] = rows;
      if (!application) {
        await noteDue(tx, personKey, null);
        return { answer: 'settled' };
      }
      const appliedAt = application.applied_at.toISOString();
      const now = application.now.toISOString();
      let next = applicationStep({ appliedAt, reminded: application.reminded }, now);
      if (next.step === 'remind') {
        await remind(ledger, tx, context);
        next = applicationStep({ appliedAt, reminded: true }, now);
      }
      if (next.step !== 'wait') {
        await removeApplication(tx, context);
        return { answer: 'settled' };
      }
      await noteDue(tx, personKey, next.until);
      return { answer: 'waits', until: next.until };
    }),
  );
}

async function remind(
  ledger: Ledger,
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
): Promise<void> {
  const { personKey } = context;
  const account = await readAccount(ledger, personKey, tx);
  await sql`update card_account set reminded_at = ledger_now() where person_key = ${personKey}::uuid`.execute(
    tx,
  );
  await mailConfirmation(ledger, tx, {
    personKey,
    purpose: 'application',
    mail: 'remindApplication',
    to: account?.email ?? '',
  });
  await recordAccountAct(tx, context, 'remindOfApplication');
}

/** Notes when the run looks again; the run itself asked, so it need not be told. */
async function noteDue(tx: LedgerTx, personKey: string, dueAt: Instant | null): Promise<void> {
  await sql`
    update card_account_case set due_at = ${dueAt}::timestamptz where person_key = ${personKey}::uuid
  `.execute(tx);
}
