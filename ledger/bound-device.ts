/** Bound devices (裝置認證): one person on many, many persons on one; listed, named, removed, and asked for when they prove themselves. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { BindingWay, DeviceKind } from '../domain/device-binding/device-binding';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { Actor } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { seal, unseal, type LedgerKeys } from './encryption';
import { isSessionEnded } from './session';
import { findContactFor, queueText } from './text-message';

/** What a person's history keeps of their devices. */
export type DeviceAct = 'bindDevice' | 'removeDevice';

/** What a device showed when it was bound, checked by the caller: it holds the private key to this. */
export interface DeviceCredential {
  readonly kind: DeviceKind;
  /** A passkey's id; of a key the SHA-256 of its public key. */
  readonly credentialId: Buffer;
  /** COSE of a passkey, SubjectPublicKeyInfo of a key. */
  readonly publicKey: Buffer;
  readonly signCount: number;
  readonly transports: readonly string[];
}

export interface NewBinding {
  readonly personKey: string;
  readonly name: string;
  readonly credential: DeviceCredential;
  /** How the person was proved. */
  readonly boundBy: BindingWay;
  /** Through which door, for the history: `api`, `web`, `station:…`. */
  readonly channel: string;
  readonly actor?: Actor;
}

/** A device as its owner sees it. */
export interface BoundDevice {
  readonly boundDeviceId: string;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly boundBy: BindingWay;
  readonly boundAt: Instant;
  /** When it last proved itself; null when it never did since it was bound. */
  readonly lastUsedAt: Instant | null;
}

/** A device as it is checked when it proves itself. */
export interface CheckableDevice {
  readonly boundDeviceId: string;
  readonly personKey: string;
  readonly kind: DeviceKind;
  readonly credentialId: Buffer;
  readonly publicKey: Buffer;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly removed: boolean;
}

/**
 * Binds a device to a person who was proved. The same credential bound again to the same person is the same device
 * (a request whose answer was lost); refuses with `deviceBoundAlready` when it is another person's or was removed.
 */
export function bindDevice(ledger: Ledger, binding: NewBinding): Promise<Outcome<BoundDevice>> {
  return ledger.db.transaction().execute((tx) => bindDeviceIn(tx, ledger.keys, binding));
}

/** The same within a transaction of the caller's, who rolls it back on a refusal. */
export async function bindDeviceIn(
  tx: LedgerTx,
  keys: LedgerKeys,
  { personKey, name, credential, boundBy, channel, actor = 'citizen' }: NewBinding,
): Promise<Outcome<BoundDevice>> {
  const boundDeviceId = randomUUID();
  const row = await tx
    .insertInto('bound_device')
    .values({
      bound_device_id: boundDeviceId,
      person_key: personKey,
      name_cipher: seal(keys, boundDeviceId, name),
      kind: credential.kind,
      credential_id: credential.credentialId,
      public_key: credential.publicKey,
      sign_count: credential.signCount,
      transports: [...credential.transports],
      bound_by: boundBy,
    })
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .returning('bound_at')
    .executeTakeFirst();
  if (!row) return boundBefore(tx, keys, personKey, credential.credentialId);
  await noteInHistory(tx, { personKey, act: 'bindDevice', actor, channel }, { boundDeviceId, boundBy });
  await tellOwner(tx, personKey, boundDeviceId, row.bound_at);
  return accepted({
    ...{ boundDeviceId, name, kind: credential.kind, boundBy },
    ...{ boundAt: row.bound_at.toISOString(), lastUsedAt: null },
  });
}

/** Whoever it was that bound it, the owner hears of it, where we have a number of theirs. */
async function tellOwner(
  tx: LedgerTx,
  personKey: string,
  boundDeviceId: string,
  boundAt: Date,
): Promise<void> {
  const contactId = await findContactFor(tx, personKey, null);
  if (contactId === undefined) return;
  const parameters = { boundAt: boundAt.toISOString() };
  await queueText(tx, { personKey, contactId, purpose: 'deviceBound', occasion: boundDeviceId, parameters });
}

async function boundBefore(
  db: LedgerReader,
  keys: LedgerKeys,
  personKey: string,
  credentialId: Buffer,
): Promise<Outcome<BoundDevice>> {
  const row = await db
    .selectFrom('bound_device')
    .select(shown)
    .where('credential_id', '=', credentialId)
    .where('person_key', '=', personKey)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row ? accepted(viewOf(keys, row)) : refused({ code: 'deviceBoundAlready' });
}

const shown = ['bound_device_id', 'name_cipher', 'kind', 'bound_by', 'bound_at', 'last_used_at'] as const;

interface ShownRow {
  readonly bound_device_id: string;
  readonly name_cipher: Buffer;
  readonly kind: string;
  readonly bound_by: string;
  readonly bound_at: Date;
  readonly last_used_at: Date | null;
}

function viewOf(keys: LedgerKeys, row: ShownRow): BoundDevice {
  return {
    boundDeviceId: row.bound_device_id,
    name: unseal(keys, row.bound_device_id, row.name_cipher),
    kind: row.kind as DeviceKind,
    boundBy: row.bound_by as BindingWay,
    boundAt: row.bound_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}

/** The devices that are bound to a person now, newest first. */
export async function boundDevicesOf(ledger: Ledger, personKey: string): Promise<readonly BoundDevice[]> {
  const rows = await ledger.db
    .selectFrom('bound_device')
    .select(shown)
    .where('person_key', '=', personKey)
    .where('removed_at', 'is', null)
    .orderBy('bound_at', 'desc')
    .execute();
  return rows.map((row) => viewOf(ledger.keys, row));
}

/** Gives one's own device another name; `deviceUnknown` when it is not bound to the person. */
export async function renameBoundDevice(
  ledger: Ledger,
  personKey: string,
  boundDeviceId: string,
  name: string,
): Promise<Outcome<BoundDevice>> {
  const row = await ledger.db
    .updateTable('bound_device')
    .set({ name_cipher: seal(ledger.keys, boundDeviceId, name) })
    .where('bound_device_id', '=', boundDeviceId)
    .where('person_key', '=', personKey)
    .where('removed_at', 'is', null)
    .returning(shown)
    .executeTakeFirst();
  return row ? accepted(viewOf(ledger.keys, row)) : refused({ code: 'deviceUnknown' });
}

/**
 * Removes a device from a person: from the commit on it proves nothing any more, its sessions are ended and its code
 * is worth nothing. Removing it again changes nothing; `deviceUnknown` when it never was this person's.
 */
export function removeBoundDevice(
  ledger: Ledger,
  asked: {
    readonly personKey: string;
    readonly boundDeviceId: string;
    readonly channel: string;
    readonly actor?: Actor;
    /** The session that acts; refused with `sessionEnded` when it was ended. */
    readonly sessionId?: string;
  },
): Promise<Outcome<{ readonly boundDeviceId: string }>> {
  const { personKey, boundDeviceId, channel, actor = 'citizen', sessionId } = asked;
  return ledger.db.transaction().execute(async (tx) => {
    if (sessionId !== undefined && (await isSessionEnded(tx, sessionId)))
      return refused({ code: 'sessionEnded' });
    const found = await tx
      .selectFrom('bound_device')
      .select('removed_at')
      .where('bound_device_id', '=', boundDeviceId)
      .where('person_key', '=', personKey)
      .forUpdate()
      .executeTakeFirst();
    if (!found) return refused({ code: 'deviceUnknown' });
    if (found.removed_at !== null) return accepted({ boundDeviceId });
    await tx
      .updateTable('bound_device')
      .set({ removed_at: sql<Date>`greatest(bound_at, clock_timestamp())` })
      .where('bound_device_id', '=', boundDeviceId)
      .execute();
    await tx.deleteFrom('app_otp').where('bound_device_id', '=', boundDeviceId).execute();
    await sql`
      insert into ended_session (session_id)
      select session_id from sign_in where person_key = ${personKey}::uuid
        and bound_device_id = ${boundDeviceId}::uuid and at > clock_timestamp() - interval '1 day'
      on conflict do nothing
    `.execute(tx);
    await noteInHistory(tx, { personKey, act: 'removeDevice', actor, channel }, { boundDeviceId });
    return accepted({ boundDeviceId });
  });
}

/** The passkeys that are bound to a person now, so that a phone does not make a second one. */
export async function passkeysOf(
  db: LedgerReader,
  personKey: string,
): Promise<readonly Pick<DeviceCredential, 'credentialId' | 'transports'>[]> {
  const rows = await db
    .selectFrom('bound_device')
    .select(['credential_id', 'transports'])
    .where('person_key', '=', personKey)
    .where('kind', '=', 'passkey')
    .where('removed_at', 'is', null)
    .execute();
  return rows.map((row) => ({ credentialId: row.credential_id, transports: row.transports }));
}

/** The device of that credential, removed or not; undefined when none was ever bound. */
export function findDeviceByCredential(
  db: LedgerReader,
  credentialId: Buffer,
): Promise<CheckableDevice | undefined> {
  return checkable(db, 'credential_id', credentialId);
}

/** The device of that id, removed or not. */
export function findBoundDevice(
  db: LedgerReader,
  boundDeviceId: string,
): Promise<CheckableDevice | undefined> {
  return checkable(db, 'bound_device_id', boundDeviceId);
}

async function checkable(
  db: LedgerReader,
  by: 'credential_id' | 'bound_device_id',
  value: Buffer | string,
): Promise<CheckableDevice | undefined> {
  const row = await db
    .selectFrom('bound_device')
    .select([
      ...(['bound_device_id', 'person_key', 'kind', 'credential_id', 'public_key'] as const),
      ...(['sign_count', 'transports', 'removed_at'] as const),
    ])
    .where(by, '=', value)
    .executeTakeFirst();
  return (
    row && {
      boundDeviceId: row.bound_device_id,
      personKey: row.person_key,
      kind: row.kind as DeviceKind,
      credentialId: row.credential_id,
      publicKey: row.public_key,
      signCount: row.sign_count,
      transports: row.transports,
      removed: row.removed_at !== null,
    }
  );
}

/**
 * Notes that a device proved itself. False when it was removed meanwhile, or when its counter did not go on: then the
 * same authenticator was copied, or the same answer used twice at once.
 */
export async function noteDeviceUsed(
  db: LedgerReader,
  boundDeviceId: string,
  signCount: number,
): Promise<boolean> {
  const row = await db
    .updateTable('bound_device')
    .set({ sign_count: signCount, last_used_at: sql<Date>`clock_timestamp()` })
    .where('bound_device_id', '=', boundDeviceId)
    .where('removed_at', 'is', null)
    // Many authenticators do not count at all and always say 0.
    .where((where) =>
      where.or([where('sign_count', '<', signCount), sql<boolean>`${signCount} = 0 and sign_count = 0`]),
    )
    .returning('bound_device_id')
    .executeTakeFirst();
  return row !== undefined;
}

async function noteInHistory(
  db: LedgerReader,
  entry: {
    readonly personKey: string;
    readonly act: DeviceAct;
    readonly actor: Actor;
    readonly channel: string;
  },
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values({
      person_key: entry.personKey,
      act: entry.act,
      actor: entry.actor,
      channel: entry.channel,
      detail: JSON.stringify(detail),
    })
    .execute();
}
