/**
 * Device codes (裝置碼): made at a computer by somebody who proved themselves there, good for fifteen minutes and one
 * phone. A code is worked out from its row's id by a key that is not in the database, so its owner may look at the
 * page again; the database alone holds a keyed hash.
 */
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import {
  deviceCodeLifeMinutes,
  deviceCodeOf,
  mayMakeDeviceCode,
  parseDeviceCode,
} from '../domain/device-binding/device-binding';
import { accepted, refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import { bindDeviceIn, findBoundDevice, type BoundDevice, type DeviceCredential } from './bound-device';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import type { LedgerKeys } from './encryption';
import { isSessionEnded } from './session';

/** A code as its owner sees it. */
export interface DeviceCode {
  readonly deviceCodeId: string;
  readonly code: string;
  readonly expiresAt: Instant;
}

/** For the same id always the same code. */
function codeOf(keys: LedgerKeys, deviceCodeId: string): string {
  return deviceCodeOf(keyed(keys, 'deviceCode', deviceCodeId));
}

function hashOf(keys: LedgerKeys, code: string): Buffer {
  return keyed(keys, 'deviceCodeHash', code);
}

function keyed(keys: LedgerKeys, purpose: string, value: string): Buffer {
  return createHmac('sha256', keys.indexKey).update(`${purpose}:${value}`).digest();
}

/**
 * Makes a code for the person of this session; one that was made before and not used ends. `deviceCodeId` is a UUID of
 * the caller's: asked again with the same one it is the same code. Refuses with `deviceCodeNeedsCard` who came in by
 * knowing numbers or by a phone, and with `sessionEnded`.
 */
export function makeDeviceCode(
  ledger: Ledger,
  asked: { readonly personKey: string; readonly sessionId: string; readonly deviceCodeId: string },
): Promise<Outcome<DeviceCode>> {
  const { personKey, sessionId, deviceCodeId } = asked;
  const code = codeOf(ledger.keys, deviceCodeId);
  return ledger.db.transaction().execute(async (tx) => {
    const { rows: methods } = await sql<{ method: string | null }>`
      select (select method from sign_in where session_id = ${sessionId}::uuid and person_key = p.person_key) as method
      from person p where person_key = ${personKey}::uuid for no key update
    `.execute(tx);
    if (await isSessionEnded(tx, sessionId)) return refused({ code: 'sessionEnded' });
    if (!mayMakeDeviceCode(methods[0]?.method ?? '')) return refused({ code: 'deviceCodeNeedsCard' });
    const made = await tx
      .insertInto('device_code')
      .values({
        device_code_id: deviceCodeId,
        person_key: personKey,
        code_hash: hashOf(ledger.keys, code),
        expires_at: sql<Date>`clock_timestamp() + ${deviceCodeLifeMinutes} * interval '1 minute'`,
      })
      .onConflict((conflict) => conflict.column('device_code_id').doNothing())
      .returning('expires_at')
      .executeTakeFirst();
    if (made) {
      await sql`
        update device_code set expires_at = clock_timestamp()
        where person_key = ${personKey}::uuid and device_code_id <> ${deviceCodeId}::uuid
          and used_at is null and expires_at > clock_timestamp()
      `.execute(tx);
    }
    const expiresAt = made?.expires_at ?? (await endOf(tx, personKey, deviceCodeId));
    return accepted({ deviceCodeId, code, expiresAt: expiresAt.toISOString() });
  });
}

async function endOf(db: LedgerReader, personKey: string, deviceCodeId: string): Promise<Date> {
  const { expires_at } = await db
    .selectFrom('device_code')
    .select('expires_at')
    .where('device_code_id', '=', deviceCodeId)
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  return expires_at;
}

/** One's own code while it can still be used; undefined once it was used or is over. */
export async function readDeviceCode(
  ledger: Ledger,
  personKey: string,
  deviceCodeId: string,
): Promise<DeviceCode | undefined> {
  const row = await ledger.db
    .selectFrom('device_code')
    .select('expires_at')
    .where('device_code_id', '=', deviceCodeId)
    .where('person_key', '=', personKey)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .executeTakeFirst();
  return (
    row && { deviceCodeId, code: codeOf(ledger.keys, deviceCodeId), expiresAt: row.expires_at.toISOString() }
  );
}

interface FoundCode {
  readonly device_code_id: string;
  readonly person_key: string;
  readonly used_at: Date | null;
  readonly bound_device_id: string | null;
  readonly expired: boolean;
}

/** The code's row, locked; found by its hash, so that its time tells nothing of how much of it was right. */
async function lockCode(tx: LedgerTx, keys: LedgerKeys, typed: string): Promise<FoundCode | undefined> {
  const code = parseDeviceCode(typed);
  if (code === undefined) return undefined;
  const { rows } = await sql<FoundCode>`
    select device_code_id, person_key, used_at, bound_device_id, expires_at <= clock_timestamp() as expired
    from device_code where code_hash = ${hashOf(keys, code)} for update
  `.execute(tx);
  return rows[0];
}

/** Why a code cannot be used; who holds a used or expired one may know, since nobody guesses one. */
function refusalFor(found: FoundCode | undefined): Refusal | undefined {
  if (!found) return { code: 'deviceCodeWrong' };
  if (found.used_at !== null) return { code: 'deviceCodeUsed' };
  return found.expired ? { code: 'deviceCodeExpired' } : undefined;
}

/** The person to whom a code would bind a device. Refuses with `deviceCodeWrong`, `deviceCodeExpired`, `deviceCodeUsed`. */
export function personOfDeviceCode(
  ledger: Ledger,
  code: string,
): Promise<Outcome<{ readonly personKey: string }>> {
  return ledger.db.transaction().execute(async (tx) => {
    const found = await lockCode(tx, ledger.keys, code);
    const refusal = refusalFor(found);
    if (refusal || !found) return refused(refusal ?? { code: 'deviceCodeWrong' });
    return accepted({ personKey: found.person_key });
  });
}

/**
 * Uses the code up and binds the device, or does neither. Refuses like `personOfDeviceCode`, and with
 * `deviceBoundAlready`. The same code with the same credential again is the same binding.
 */
export async function bindByDeviceCode(
  ledger: Ledger,
  asked: {
    readonly code: string;
    readonly name: string;
    readonly credential: DeviceCredential;
    readonly channel: string;
    /** True when the credential answered a challenge that was spent before: nothing new is bound by it. */
    readonly repeatedOnly?: boolean;
  },
): Promise<Outcome<BoundDevice>> {
  const { code, name, credential, channel, repeatedOnly = false } = asked;
  return ledger.db.transaction().execute(async (tx) => {
    const found = await lockCode(tx, ledger.keys, code);
    const repeated = found !== undefined && (await wasBoundBy(tx, found, credential));
    const refusal = refusalFor(found);
    if (!found || (refusal && !repeated)) return refused(refusal ?? { code: 'deviceCodeWrong' });
    if (repeatedOnly && !repeated) return refused({ code: 'deviceNotConfirmed' });
    const bound = await bindDeviceIn(tx, ledger.keys, {
      ...{ personKey: found.person_key, name, credential, boundBy: 'deviceCode', channel },
    });
    if (!bound.ok || repeated) return bound;
    await tx
      .updateTable('device_code')
      .set({ used_at: sql<Date>`clock_timestamp()`, bound_device_id: bound.value.boundDeviceId })
      .where('device_code_id', '=', found.device_code_id)
      .execute();
    return bound;
  });
}

/** Did this code bind this very credential? Then the answer was lost and is asked for again. */
async function wasBoundBy(tx: LedgerTx, found: FoundCode, credential: DeviceCredential): Promise<boolean> {
  if (found.bound_device_id === null) return false;
  const device = await findBoundDevice(tx, found.bound_device_id);
  return device?.credentialId.equals(credential.credentialId) === true;
}

/** Removes codes that ended a day ago: until then their holder reads why they no longer work. Answers how many. */
export async function sweepDeviceCodes(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from device_code where expires_at < clock_timestamp() - interval '1 day'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
