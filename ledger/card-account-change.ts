/** Changes to a card account: password, forgotten password, contacts, registration and deactivation at a counter. */
import { sql } from 'kysely';

import type { AccountPassword } from '../domain/card-account/account-password';
import type { Email } from '../domain/card-account/email';
import type { Mobile } from '../domain/person-number/mobile';
import { refused, type Outcome } from '../domain/refusal/refusals';
import { linkMailRefusal, mailConfirmation } from './account-confirmation';
import {
  accountPasswordMatches,
  hashPassword,
  readAccount,
  readNewPassword,
  recordAccountAct,
  sealedFor,
  tellCase,
  voidConfirmations,
  writePassword,
} from './card-account';
import { citizenCommand, type CommandContext } from './citizen-command';
import type { Ledger } from './database';
import { seal } from './encryption';
import { findAnswer } from './idempotency';
import { queueMail } from './mail-message';
import { endSessionsOf } from './sign-in';

/**
 * Sets a new password for whoever knows the present one; every session ends, this one too. Refuses with
 * `cardAccountMissing`, `passwordWrong` and what `readNewPassword` refuses with. The caller limits the tries.
 */
export async function changePassword(
  ledger: Ledger,
  context: CommandContext,
  wish: { readonly currentPassword: string; readonly newPassword: string },
): Promise<Outcome<'changed'>> {
  const { personKey } = context;
  // Asked again after a lost answer, the present password is the new one already.
  const before = await findAnswer<'changed'>(ledger, context);
  if (before) return before;
  const known = await confirmPassword(ledger, personKey, wish.currentPassword);
  if (!known.ok) return known;
  const read = await newPasswordOf(ledger, personKey, wish.newPassword);
  if (!read.ok) return read;
  const passwordHash = await hashPassword(ledger.keys, read.value);
  return citizenCommand(ledger, context, [], async (tx) => {
    const account = await readAccount(ledger, personKey, tx);
    if (account?.state !== 'active') return { refusal: { code: 'cardAccountMissing' } };
    await writePassword(ledger, tx, context, { passwordHash, by: account.registeredBy, mobile: null });
    return { outcome: 'changed' as const };
  });
}

async function newPasswordOf(
  ledger: Ledger,
  personKey: string,
  typed: string,
): Promise<Outcome<AccountPassword>> {
  const account = await readAccount(ledger, personKey);
  return readNewPassword(ledger, personKey, typed, {
    ...(account?.email && { email: account.email }),
    ...(account?.mobile && { mobile: account.mobile }),
  });
}

async function confirmPassword(
  ledger: Ledger,
  personKey: string,
  password: string,
): Promise<Outcome<'confirmed'>> {
  switch (await accountPasswordMatches(ledger, personKey, password)) {
    case 'match':
      return { ok: true, value: 'confirmed' };
    case 'notRegistered':
      return refused({ code: 'cardAccountMissing' });
    case 'noMatch':
      return refused({ code: 'passwordWrong' });
  }
}

/**
 * Takes a new password from whoever proved card and household anew; it counts once the link is opened that goes to
 * the account's confirmed address, since the plain read of a card is a claim only. Refuses with `cardAccountMissing`,
 * `accountHasNoEmail`, what `readNewPassword` refuses with, `confirmationMailsSpent` and `tooManyAttempts`.
 */
export async function resetPassword(
  ledger: Ledger,
  context: CommandContext,
  wish: { readonly newPassword: string },
): Promise<Outcome<{ readonly mailed: true }>> {
  const { personKey } = context;
  const read = await newPasswordOf(ledger, personKey, wish.newPassword);
  if (!read.ok) return read;
  const passwordHash = await hashPassword(ledger.keys, read.value);
  return citizenCommand(ledger, context, [], async (tx) => {
    const account = await readAccount(ledger, personKey, tx);
    if (account?.state !== 'active') return { refusal: { code: 'cardAccountMissing' } };
    if (account.email === null) return { refusal: { code: 'accountHasNoEmail' } };
    const tooMany = await linkMailRefusal(tx, personKey);
    if (tooMany) return { refusal: tooMany };
    await mailConfirmation(ledger, tx, {
      personKey,
      purpose: 'newPassword',
      mail: 'confirmNewPassword',
      to: account.email,
      passwordHash,
    });
    return { outcome: { mailed: true as const } };
  });
}

/** What a change of basic data came to; a new address counts once its link is opened. */
export interface ContactChange {
  readonly mobileChanged: boolean;
  readonly emailToConfirm: boolean;
}

/**
 * Changes mobile and e-mail for whoever knows the password. Refuses with `cardAccountMissing`, `passwordWrong`,
 * `confirmationMailsSpent` and `tooManyAttempts`.
 */
export async function changeContact(
  ledger: Ledger,
  context: CommandContext,
  wish: { readonly currentPassword: string; readonly mobile: Mobile; readonly email: Email },
): Promise<Outcome<ContactChange>> {
  const { personKey } = context;
  const known = await confirmPassword(ledger, personKey, wish.currentPassword);
  if (!known.ok) return known;
  return citizenCommand(ledger, context, [], async (tx) => {
    const account = await readAccount(ledger, personKey, tx);
    if (account?.state !== 'active') return { refusal: { code: 'cardAccountMissing' } };
    const mobileChanged = account.mobile !== wish.mobile;
    const emailToConfirm = account.email !== wish.email;
    if (emailToConfirm) {
      const tooMany = await linkMailRefusal(tx, personKey);
      if (tooMany) return { refusal: tooMany };
      await mailConfirmation(ledger, tx, {
        personKey,
        purpose: 'newEmail',
        mail: 'confirmNewEmail',
        to: wish.email,
        newEmail: wish.email,
      });
    } else {
      // What was asked for before and is taken back.
      await voidConfirmations(tx, personKey, 'newEmail');
    }
    if (mobileChanged) {
      await sql`
        update card_account set mobile_cipher = ${seal(ledger.keys, sealedFor(personKey, 'mobile'), wish.mobile)}
        where person_key = ${personKey}::uuid
      `.execute(tx);
      await recordAccountAct(tx, context, 'changeAccountContact', { mobile: 1 });
    }
    return { outcome: { mobileChanged, emailToConfirm } };
  });
}

/** What staff saw of somebody who stands before them. */
export interface CounterRegistration {
  readonly mobile: Mobile;
  /** Confirmed by a link like any other; the account counts without it. */
  readonly email: Email | null;
  readonly password: string;
  readonly language: 'zh' | 'en';
}

/**
 * Registers at a counter: staff saw card, ID document and household register, so the account counts at once. Somebody
 * whose account counts already is given the new password: they forgot the old one. Refuses as `readNewPassword` does.
 */
export async function registerAtCounter(
  ledger: Ledger,
  context: CommandContext,
  wish: CounterRegistration,
): Promise<Outcome<{ readonly emailToConfirm: boolean }>> {
  const { personKey } = context;
  const read = await readNewPassword(ledger, personKey, wish.password, {
    mobile: wish.mobile,
    ...(wish.email && { email: wish.email }),
  });
  if (!read.ok) return read;
  const passwordHash = await hashPassword(ledger.keys, read.value);
  return citizenCommand(ledger, context, [], async (tx) => {
    const before = await readAccount(ledger, personKey, tx);
    const known = before?.state === 'active' ? before.email : null;
    await writePassword(ledger, tx, context, {
      passwordHash,
      by: 'counter',
      mobile: wish.mobile,
      language: wish.language,
    });
    const emailToConfirm = wish.email !== null && wish.email !== known;
    if (wish.email !== null && emailToConfirm) {
      await mailConfirmation(ledger, tx, {
        personKey,
        purpose: 'newEmail',
        mail: 'confirmNewEmail',
        to: wish.email,
        newEmail: wish.email,
        language: wish.language,
      });
    }
    return { outcome: { emailToConfirm } };
  });
}

/**
 * Deactivates the account of somebody who asks for it at a counter with an ID document; every session ends. An
 * application that awaits confirmation goes with it. Refuses with `cardAccountMissing`.
 */
export function deactivateAccount(
  ledger: Ledger,
  context: CommandContext,
  wish: { readonly reason: DeactivationReason },
): Promise<Outcome<'deactivated'>> {
  const { personKey } = context;
  return citizenCommand(ledger, context, [], async (tx) => {
    const account = await readAccount(ledger, personKey, tx);
    if (account?.state === 'deactivated') return { outcome: 'deactivated' as const };
    if (!account) return { refusal: { code: 'cardAccountMissing' } };
    await sql`
      update card_account set state = 'deactivated', deactivated_at = ledger_now(),
        activated_at = coalesce(activated_at, applied_at)
      where person_key = ${personKey}::uuid
    `.execute(tx);
    await voidConfirmations(tx, personKey);
    const ended = await endSessionsOf(tx, personKey);
    if (account.state === 'active' && account.email !== null) {
      await queueMail(ledger, tx, { personKey, purpose: 'accountDeactivated', to: account.email });
    }
    await tellCase(tx, personKey, null);
    await recordAccountAct(tx, context, 'deactivateAccount', {
      reason: wish.reason,
      sessionsEnded: ended.length,
    });
    return { outcome: 'deactivated' as const };
  });
}

export const deactivationReasons = ['ownWish', 'lostCard', 'misused', 'died'] as const;
export type DeactivationReason = (typeof deactivationReasons)[number];
