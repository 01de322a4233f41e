/**
 * The app's code (健保卡 OTP 認證碼): six digits, produced on demand by a session of a bound device, three minutes, one
 * use; nothing is sent. Like a device code it is worked out from its id by a key that is not in the database.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import { appOtpLifeSeconds, appOtpOf, parseAppOtp } from '../domain/device-binding/device-binding';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { Ledger, LedgerReader } from './database';
import type { LedgerKeys } from './encryption';
import { isSessionEnded } from './session';

export interface AppOtp {
  readonly appOtpId: string;
  /** Six digits. */
  readonly otp: string;
  readonly expiresAt: Instant;
}

function otpOf(keys: LedgerKeys, appOtpId: string): string {
  return appOtpOf(createHmac('sha256', keys.indexKey).update(`appOtp:${appOtpId}`).digest());
}

/** The id is part of it: the same six digits look different in every row. */
function hashOf(keys: LedgerKeys, appOtpId: string, otp: string): Buffer {
  return createHmac('sha256', keys.indexKey).update(`appOtpHash:${appOtpId}:${otp}`).digest();
}

/** The bound device that vouched for a session and is at hand. Refuses with `deviceNotBound` and `deviceRemoved`. */
export async function deviceOfSession(
  db: LedgerReader,
  personKey: string,
  sessionId: string,
): Promise<Outcome<string>> {
  const { rows } = await sql<{ bound_device_id: string | null; removed_at: Date | null }>`
    select d.bound_device_id, d.removed_at
    from sign_in s left join bound_device d on d.bound_device_id = s.bound_device_id and d.person_key = s.person_key
    where s.session_id = ${sessionId}::uuid and s.person_key = ${personKey}::uuid
      -- Who came in by a code of the device sits at another machine: a code is no way to the next code.
      and s.method <> 'app-otp'
  `.execute(db);
  const device = rows[0];
  if (!device || device.bound_device_id === null) return refused({ code: 'deviceNotBound' });
  return device.removed_at === null ? accepted(device.bound_device_id) : refused({ code: 'deviceRemoved' });
}

/**
 * Produces a code for the device of this session; an earlier one of the same device ends. `appOtpId` is a UUID of the
 * caller's: asked again with the same one it is the same code. Refuses with `deviceNotBound`, `deviceRemoved`,
 * `sessionEnded`.
 */
export function produceAppOtp(
  ledger: Ledger,
  asked: { readonly personKey: string; readonly sessionId: string; readonly appOtpId: string },
): Promise<Outcome<AppOtp>> {
  const { personKey, sessionId, appOtpId } = asked;
  const otp = otpOf(ledger.keys, appOtpId);
  return ledger.db.transaction().execute(async (tx) => {
    if (await isSessionEnded(tx, sessionId)) return refused({ code: 'sessionEnded' });
    const device = await deviceOfSession(tx, personKey, sessionId);
    if (!device.ok) return device;
    const { rows } = await sql<{ expires_at: Date }>`
      insert into app_otp as o (bound_device_id, app_otp_id, person_key, session_id, code_hash, expires_at)
      values (${device.value}::uuid, ${appOtpId}::uuid, ${personKey}::uuid, ${sessionId}::uuid,
        ${hashOf(ledger.keys, appOtpId, otp)}, clock_timestamp() + ${appOtpLifeSeconds} * interval '1 second')
      on conflict (bound_device_id) do update set
        made_at = case when o.app_otp_id = excluded.app_otp_id then o.made_at else clock_timestamp() end,
        expires_at = case when o.app_otp_id = excluded.app_otp_id then o.expires_at else excluded.expires_at end,
        used_at = case when o.app_otp_id = excluded.app_otp_id then o.used_at end,
        app_otp_id = excluded.app_otp_id, session_id = excluded.session_id, code_hash = excluded.code_hash
      returning expires_at
    `.execute(tx);
    const expiresAt = rows[0]?.expires_at.toISOString() ?? '';
    return accepted({ appOtpId, otp, expiresAt });
  });
}

/** The code that this session produced, while it can be used. Refuses like `produceAppOtp`. */
export async function readAppOtp(
  ledger: Ledger,
  personKey: string,
  sessionId: string,
): Promise<Outcome<AppOtp | undefined>> {
  const device = await deviceOfSession(ledger.db, personKey, sessionId);
  if (!device.ok) return device;
  const row = await ledger.db
    .selectFrom('app_otp')
    .select(['app_otp_id', 'expires_at'])
    .where('bound_device_id', '=', device.value)
    .where('session_id', '=', sessionId)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .executeTakeFirst();
  if (!row) return accepted(undefined);
  const otp = otpOf(ledger.keys, row.app_otp_id);
  return accepted({ appOtpId: row.app_otp_id, otp, expiresAt: row.expires_at.toISOString() });
}

interface HeldOtp {
  readonly app_otp_id: string;
  readonly bound_device_id: string;
  readonly code_hash: Buffer;
  readonly used: boolean;
  readonly expired: boolean;
}

/**
 * Uses a code up. `personKey` undefined stands for a number that nobody has: the same work, the same answer. Refuses
 * with `appOtpWrong` for everything that a stranger may not learn (no such person, no device, removed device, ended
 * session, wrong code), and with `appOtpExpired` or `appOtpUsed` only to who has the right digits.
 */
export async function spendAppOtp(
  ledger: Ledger,
  personKey: string | undefined,
  typed: string,
): Promise<Outcome<{ readonly boundDeviceId: string }>> {
  const { rows } = await sql<HeldOtp>`
    select o.app_otp_id, o.bound_device_id, o.code_hash, o.used_at is not null as used,
      o.expires_at <= clock_timestamp() as expired
    from app_otp o join bound_device d on d.bound_device_id = o.bound_device_id and d.removed_at is null
    where o.person_key = ${personKey ?? null}::uuid
      and not exists (select from ended_session e where e.session_id = o.session_id)
  `.execute(ledger.db);
  const found = matching(ledger.keys, rows, parseAppOtp(typed) ?? '');
  if (!found) return refused({ code: 'appOtpWrong' });
  if (found.used) return refused({ code: 'appOtpUsed' });
  if (found.expired) return refused({ code: 'appOtpExpired' });
  const { rows: spent } = await sql`
    update app_otp set used_at = clock_timestamp()
    where app_otp_id = ${found.app_otp_id}::uuid and used_at is null and expires_at > clock_timestamp()
    returning app_otp_id
  `.execute(ledger.db);
  if (spent.length === 0) return refused({ code: 'appOtpUsed' });
  return accepted({ boundDeviceId: found.bound_device_id });
}

/** Every row is compared, whole, whichever matches; a row of nobody's when there is none. */
function matching(keys: LedgerKeys, rows: readonly HeldOtp[], otp: string): HeldOtp | undefined {
  let found: HeldOtp | undefined;
  for (const row of rows) {
    if (timingSafeEqual(row.code_hash, hashOf(keys, row.app_otp_id, otp))) found = row;
  }
  if (rows.length === 0) hashOf(keys, '', otp);
  return found;
}
