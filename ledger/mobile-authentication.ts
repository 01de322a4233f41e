/**
 * What a carrier confirmed (手機快速認證): kept for some minutes, for one browser, until a device is bound by it. The
 * last four digits of the card, which a first registration asks for, may be tried three times.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import { cardTries, confirmationLifeMinutes } from '../domain/mobile-authentication/mobile-authentication';
import type { CardNumber } from '../domain/person-number/card-number';
import type { Mobile } from '../domain/person-number/mobile';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { bindDeviceIn, findBoundDevice, type BoundDevice, type DeviceCredential } from './bound-device';
import type { Ledger, LedgerTx } from './database';
import { seal, unseal, type LedgerKeys } from './encryption';

/** A confirmation that still holds. */
export interface MobileAuthentication {
  readonly mobileAuthenticationId: string;
  readonly personKey: string;
  readonly mobile: Mobile;
  readonly expiresAt: Instant;
}

const lastFourHash = (keys: LedgerKeys, id: string, lastFour: string): Buffer =>
  createHmac('sha256', keys.indexKey)
    .update(JSON.stringify(['mobileAuthentication', id, lastFour]))
    .digest();

/** Keeps what the carrier confirmed of a person. */
export async function keepConfirmation(
  ledger: Ledger,
  confirmed: { readonly personKey: string; readonly mobile: Mobile; readonly cardNumber: CardNumber },
): Promise<MobileAuthentication> {
  const { personKey, mobile, cardNumber } = confirmed;
  const id = randomUUID();
  const { expires_at } = await ledger.db
    .insertInto('mobile_authentication')
    .values({
      mobile_authentication_id: id,
      person_key: personKey,
      mobile_cipher: seal(ledger.keys, id, mobile),
      card_last_four_hash: lastFourHash(ledger.keys, id, cardNumber.slice(-4)),
      expires_at: sql<Date>`clock_timestamp() + ${confirmationLifeMinutes} * interval '1 minute'`,
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow();
  return { mobileAuthenticationId: id, personKey, mobile, expiresAt: expires_at.toISOString() };
}

/** The confirmation while it can still be used; one that bound a device already can be asked about again. */
export async function readConfirmation(
  ledger: Ledger,
  mobileAuthenticationId: string,
): Promise<MobileAuthentication | undefined> {
  const row = await ledger.db
    .selectFrom('mobile_authentication')
    .select(['person_key', 'mobile_cipher', 'expires_at'])
    .where('mobile_authentication_id', '=', mobileAuthenticationId)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .where('card_failures', '<', cardTries)
    .executeTakeFirst();
  return (
    row && {
      mobileAuthenticationId,
      personKey: row.person_key,
      mobile: unseal(ledger.keys, mobileAuthenticationId, row.mobile_cipher) as Mobile,
      expiresAt: row.expires_at.toISOString(),
    }
  );
}

/** Checks the card's last four digits. Refuses with `cardLastFourWrong` and, after the last try, `mobileAuthenticationOver`. */
export function checkCardLastFour(
  ledger: Ledger,
  mobileAuthenticationId: string,
  lastFour: string,
): Promise<Outcome<'right'>> {
  return ledger.db.transaction().execute(async (tx) => {
    const row = await lock(tx, mobileAuthenticationId);
    // Once it bound a device it proves nothing more: a password is set before.
    if (!row || row.bound_device_id !== null) return refused({ code: 'mobileAuthenticationOver' });
    const asked = lastFourHash(ledger.keys, mobileAuthenticationId, lastFour);
    if (timingSafeEqual(row.card_last_four_hash, asked)) return accepted('right');
    const failures = row.card_failures + 1;
    await tx
      .updateTable('mobile_authentication')
      .set({ card_failures: failures })
      .where('mobile_authentication_id', '=', mobileAuthenticationId)
      .execute();
    return refused({ code: 'cardLastFourWrong', triesLeft: cardTries - failures });
  });
}

/**
 * Uses the confirmation up and binds the device, or does neither. Refuses with `mobileAuthenticationOver` and
 * `deviceBoundAlready`; the same confirmation with the same credential again is the same binding.
 */
export function bindByConfirmation(
  ledger: Ledger,
  asked: {
    readonly mobileAuthenticationId: string;
    readonly name: string;
    readonly credential: DeviceCredential;
    readonly channel: string;
    /** True when the credential answered a challenge that was spent before: nothing new is bound by it. */
    readonly repeatedOnly: boolean;
  },
): Promise<Outcome<BoundDevice>> {
  const { mobileAuthenticationId, name, credential, channel, repeatedOnly } = asked;
  return ledger.db.transaction().execute(async (tx) => {
    const row = await lock(tx, mobileAuthenticationId);
    if (!row) return refused({ code: 'mobileAuthenticationOver' });
    const before = row.bound_device_id === null ? undefined : await findBoundDevice(tx, row.bound_device_id);
    const repeated = before?.credentialId.equals(credential.credentialId) === true;
    if (before && !repeated) return refused({ code: 'mobileAuthenticationOver' });
    if (repeatedOnly && !repeated) return refused({ code: 'deviceNotConfirmed' });
    const bound = await bindDeviceIn(tx, ledger.keys, {
      ...{ personKey: row.person_key, name, credential, boundBy: 'mobileQuick', channel },
    });
    if (!bound.ok || repeated) return bound;
    await tx
      .updateTable('mobile_authentication')
      .set({ completed_at: sql<Date>`clock_timestamp()`, bound_device_id: bound.value.boundDeviceId })
      .where('mobile_authentication_id', '=', mobileAuthenticationId)
      .execute();
    return bound;
  });
}

function lock(tx: LedgerTx, mobileAuthenticationId: string) {
  return tx
    .selectFrom('mobile_authentication')
    .select(['person_key', 'card_last_four_hash', 'card_failures', 'bound_device_id'])
    .where('mobile_authentication_id', '=', mobileAuthenticationId)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .where('card_failures', '<', cardTries)
    .forUpdate()
    .executeTakeFirst();
}

/** Removes confirmations that ended a day ago. Answers how many. */
export async function sweepMobileAuthentications(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from mobile_authentication where expires_at < clock_timestamp() - interval '1 day'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
