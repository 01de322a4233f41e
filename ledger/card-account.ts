/** Card accounts (健保卡網路服務註冊): who has one, its password, and the ways in which a password comes to be set. */
import { createHmac } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { sql } from 'kysely';

import {
  normalisePassword,
  parsePassword,
  type AccountPassword,
} from '../domain/card-account/account-password';
import type { AccountDoor, AccountState } from '../domain/card-account/card-account';
import type { Instant } from '../domain/civil-time/plain-date';
import type { Mobile } from '../domain/person-number/mobile';
import { refused, type Outcome } from '../domain/refusal/refusals';
import { citizenCommand, type CommandContext } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { seal, unseal, type LedgerKeys } from './encryption';
import { queueMail } from './mail-message';
import { endSessionsOf } from './sign-in';

/**
 * argon2id as OWASP asks for at least: 19 MiB, two passes, some ten milliseconds here. Twelve characters at most are few:
 * a key that is not in the database goes into each hash, so that a stolen database alone lets nobody guess.
 */
const argon2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Of the same cost as any other and matched by nothing: verified where there is no account, so that no clock tells. */
const nobodysHash =
  '$argon2id$v=19$m=19456,t=2,p=1$GEYt9FpFMb3ZiUblcOM67A$UYnbiEpU1G3LWspsVV2Cww6/OBPYjlYjRdS4MQMeIlk';

const pepperOf = (keys: LedgerKeys): Buffer =>
  createHmac('sha256', keys.indexKey).update('accountPassword').digest();

/** The hash of a password, to be kept. */
export function hashPassword(keys: LedgerKeys, password: AccountPassword): Promise<string> {
  return hash(password, { ...argon2, secret: pepperOf(keys) });
}

/**
 * Does the password open the person's account? `notRegistered` where there is none, or none that counts. All three
 * take the same time; `undefined` for a person whom the ledger does not know, who is answered as slowly.
 */
export async function accountPasswordMatches(
  ledger: Ledger,
  personKey: string | undefined,
  password: string,
): Promise<'match' | 'noMatch' | 'notRegistered'> {
  const { rows } = await sql<{ password_hash: string }>`
    select password_hash from card_account where person_key = ${personKey ?? null}::uuid and state = 'active'
  `.execute(ledger.db);
  const known = rows[0]?.password_hash;
  const same = await verify(known ?? nobodysHash, normalisePassword(password), {
    ...argon2,
    secret: pepperOf(ledger.keys),
  });
  if (known === undefined) return 'notRegistered';
  return same ? 'match' : 'noMatch';
}

/** Has the person an account that counts? */
export async function isCardRegistered(db: LedgerReader, personKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('card_account')
    .select('state')
    .where('person_key', '=', personKey)
    .executeTakeFirst();
  return row?.state === 'active';
}

/** What is sealed in a row of `card_account`, each for its own column: neither can be put in the other's place. */
export const sealedFor = (personKey: string, column: 'email' | 'mobile'): string =>
  `card_account/${personKey}/${column}`;

/** An account as its owner and staff see it, contacts in full for the caller to mask. */
export interface AccountView {
  readonly state: AccountState;
  readonly registeredBy: AccountDoor;
  readonly email: string | null;
  readonly mobile: string | null;
  readonly appliedAt: Instant;
  readonly activatedAt: Instant | null;
  readonly deactivatedAt: Instant | null;
  readonly passwordSetAt: Instant;
}

/** The person's account, whatever its state; `undefined` when there never was one or its application was deleted. */
export async function readAccount(
  ledger: Ledger,
  personKey: string,
  db: LedgerReader = ledger.db,
): Promise<AccountView | undefined> {
  const row = await db
    .selectFrom('card_account')
    .selectAll()
    .where('person_key', '=', personKey)
    .executeTakeFirst();
  if (!row) return undefined;
  const opened = (column: 'email' | 'mobile', cipher: Buffer | null) =>
    cipher && unseal(ledger.keys, sealedFor(personKey, column), cipher);
  return {
    state: row.state as AccountState,
    registeredBy: row.registered_by as AccountDoor,
    email: opened('email', row.email_cipher),
    mobile: opened('mobile', row.mobile_cipher),
    appliedAt: row.applied_at.toISOString(),
    activatedAt: row.activated_at?.toISOString() ?? null,
    deactivatedAt: row.deactivated_at?.toISOString() ?? null,
    passwordSetAt: row.password_set_at.toISOString(),
  };
}

/**
 * Reads a password that the person wants to set, held against all that the ledger knows of them. Refuses with
 * `passwordLengthWrong`, `passwordCharacterWrong`, `passwordTooCommon` or `passwordPersonal`.
 */
export async function readNewPassword(
  ledger: Ledger,
  personKey: string,
  typed: string,
  also: { readonly mobile?: string; readonly email?: string; readonly cardNumber?: string } = {},
): Promise<Outcome<AccountPassword>> {
  const person = await ledger.db
    .selectFrom('person')
    .select('birth_date')
    .where('person_key', '=', personKey)
    .executeTakeFirst();
  if (!person) return refused({ code: 'sessionRequired' });
  const numbers = await ledger.db
    .selectFrom('person_number')
    .select(['person_number_id', 'number_cipher'])
    .where('person_key', '=', personKey)
    .execute();
  const read = parsePassword(typed, {
    personNumbers: numbers.map((row) => unseal(ledger.keys, row.person_number_id, row.number_cipher)),
    birthDate: person.birth_date,
    ...also,
  });
  return 'problem' in read ? refused({ code: read.problem }) : { ok: true, value: read.password };
}

/**
 * Sets the person's password where somebody else has vouched for them (a carrier, staff at a counter); an account
 * that does not count yet, or none, becomes an active one. All sessions but `except` end, links that were mailed are
 * void. Refuses as `readNewPassword` does.
 */
export async function setAccountPassword(
  ledger: Ledger,
  context: CommandContext,
  wish: {
    readonly password: string;
    readonly by: AccountDoor;
    readonly mobile?: Mobile;
    readonly language?: 'zh' | 'en';
    /** A session that goes on, that in which the password is set. */
    readonly except?: string;
  },
): Promise<Outcome<'set'>> {
  const { personKey } = context;
  const read = await readNewPassword(ledger, personKey, wish.password, {
    ...(wish.mobile && { mobile: wish.mobile }),
  });
  if (!read.ok) return read;
  const passwordHash = await hashPassword(ledger.keys, read.value);
  return citizenCommand(ledger, context, [], async (tx) => {
    await writePassword(ledger, tx, context, {
      passwordHash,
      by: wish.by,
      mobile: wish.mobile ?? null,
      ...(wish.language && { language: wish.language }),
      ...(wish.except !== undefined && { except: wish.except }),
    });
    return { outcome: 'set' as const };
  });
}

/** Writes a password that was decided on: the row, the sessions that end, the word to the owner, the history. */
export async function writePassword(
  ledger: Ledger,
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
  set: {
    readonly passwordHash: string;
    readonly by: AccountDoor;
    readonly mobile: Mobile | null;
    readonly language?: 'zh' | 'en';
    readonly except?: string;
  },
): Promise<void> {
  const { personKey } = context;
  const before = await readAccount(ledger, personKey, tx);
  const mobileCipher = set.mobile && seal(ledger.keys, sealedFor(personKey, 'mobile'), set.mobile);
  const counted = before?.state === 'active';
  await sql`
    insert into card_account as a (person_key, state, password_hash, mobile_cipher, language, registered_by, activated_at)
    values (${personKey}::uuid, 'active', ${set.passwordHash}, ${mobileCipher}, ${set.language ?? 'zh'}, ${set.by}, ledger_now())
    on conflict (person_key) do update set state = 'active', password_hash = excluded.password_hash,
      password_set_at = ledger_now(), mobile_cipher = coalesce(excluded.mobile_cipher, a.mobile_cipher),
      activated_at = coalesce(a.activated_at, ledger_now()), deactivated_at = null,
      -- An address that nobody confirmed is not the person's.
      email_cipher = case when a.state = 'awaitingConfirmation' then null else a.email_cipher end,
      registered_by = case when a.state = 'active' then a.registered_by else excluded.registered_by end
  `.execute(tx);
  await voidConfirmations(tx, personKey);
  const ended = await endSessionsOf(tx, personKey, {
    ...(set.except !== undefined && { except: set.except }),
  });
  if (counted && before.email !== null) {
    await queueMail(ledger, tx, { personKey, purpose: 'passwordChanged', to: before.email });
  }
  await tellCase(tx, personKey, null);
  await recordAccountAct(tx, context, counted ? 'changeAccountPassword' : 'registerCard', {
    by: set.by,
    sessionsEnded: ended.length,
  });
}

/** Makes links that were mailed worthless, and keeps those still waiting from being mailed. */
export async function voidConfirmations(
  tx: LedgerTx,
  personKey: string,
  purpose?: 'application' | 'newEmail' | 'newPassword',
): Promise<void> {
  await sql`
    update account_confirmation set void_at = clock_timestamp()
    where person_key = ${personKey}::uuid and used_at is null and void_at is null
      and (${purpose ?? null}::text is null or purpose = ${purpose ?? null})
  `.execute(tx);
  await sql`
    update mail_message m set status = 'dropped', ended_at = clock_timestamp(), token_cipher = null
    where person_key = ${personKey}::uuid and status = 'queued' and token_cipher is not null
      and not exists (select from account_confirmation c where c.person_key = m.person_key
        and encode(c.token_hash, 'hex') = m.occasion and c.void_at is null)
  `.execute(tx);
}

/** Has the workflow of the person's account look again; `dueAt` is when by the ledger's clock, null when nothing waits. */
export async function tellCase(tx: LedgerTx, personKey: string, dueAt: Instant | null): Promise<void> {
  await sql`
    insert into card_account_case as c (person_key, due_at) select ${personKey}::uuid, ${dueAt}::timestamptz
    -- A person for whom nothing waits and nothing ever waited is no case.
    where ${dueAt}::timestamptz is not null or exists (select from card_account_case k where k.person_key = ${personKey}::uuid)
    on conflict (person_key) do update set version = c.version + 1, due_at = excluded.due_at
  `.execute(tx);
}

/** Acts with a card account that a person's history keeps. */
export type AccountAct =
  | 'applyForAccount'
  | 'registerCard'
  | 'remindOfApplication'
  | 'deleteApplication'
  | 'changeAccountPassword'
  | 'changeAccountContact'
  | 'deactivateAccount';

/** Writes the act into the person's history; `detail` holds codes and counts. */
export async function recordAccountAct(
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
  act: AccountAct,
  detail: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  await sql`
    insert into audit_entry (person_key, version, act, actor, channel, detail)
    select person_key, version, ${act}, ${context.actor}, ${context.channel}, ${JSON.stringify(detail)}::jsonb
    from person where person_key = ${context.personKey}::uuid
  `.execute(tx);
}
