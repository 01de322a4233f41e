/** Who came in when and by which way: kept for the person to look over, and to end all of their sessions at once. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { SignInMethod } from '../domain/sign-in/sign-in-methods';
import type { Ledger, LedgerReader } from './database';

/** How somebody came in. */
export interface SignInFacts {
  readonly method: SignInMethod;
  /** Names alone, e.g. `Chrome` and `Android`; null where the browser does not say. */
  readonly browser: string | null;
  readonly operatingSystem: string | null;
  /** The station at which the card was inserted. */
  readonly stationId?: string;
  /** The bound device that vouched. */
  readonly boundDeviceId?: string;
  /** Keyed hashes under which address and browser are known to the person from now on. */
  readonly knownAs?: readonly string[];
}

/** One row of a person's own list. */
export interface SignInView {
  readonly sessionId: string;
  readonly at: Instant;
  readonly method: SignInMethod;
  readonly browser: string | null;
  readonly operatingSystem: string | null;
  /** The station at which the card was inserted. */
  readonly place: { readonly nameZh: string; readonly nameEn: string } | null;
  readonly boundDeviceId: string | null;
  readonly disownedAt: Instant | null;
  /** Was the session ended before its time (signed out, disowned, revoked)? */
  readonly ended: boolean;
}

/** For how long a sign-in is kept and listed. */
export const signInsKeptDays = 180;
const mostListed = 100;
/** No session lives longer than this; who could have one still is found among the sign-ins of so long. */
const longestSession = '1 day';

/** Writes the sign-in that begins a session. */
export async function recordSignIn(
  db: LedgerReader,
  {
    sessionId,
    personKey,
    ...facts
  }: SignInFacts & { readonly sessionId: string; readonly personKey: string },
): Promise<void> {
  await db
    .insertInto('sign_in')
    .values({
      session_id: sessionId,
      person_key: personKey,
      method: facts.method,
      browser: facts.browser,
      operating_system: facts.operatingSystem,
      station_id: facts.stationId ?? null,
      bound_device_id: facts.boundDeviceId ?? null,
      known_as: [...(facts.knownAs ?? [])],
    })
    .execute();
}

/** By which way that session began; undefined for one that nobody began. */
export async function methodOfSession(db: LedgerReader, sessionId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('sign_in')
    .select('method')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row?.method;
}

/** The person's sign-ins of the last half year, newest first, a hundred at most. */
export async function signInsOf(db: LedgerReader, personKey: string): Promise<readonly SignInView[]> {
  const rows = await db
    .selectFrom('sign_in')
    .leftJoin('ended_session', 'ended_session.session_id', 'sign_in.session_id')
    .leftJoin('station', 'station.station_id', 'sign_in.station_id')
    .leftJoin('site', 'site.site_id', 'station.site_id')
    .select([
      'sign_in.session_id',
      'at',
      'method',
      'browser',
      'operating_system',
      ({ fn }) => fn.coalesce('station.name_zh', 'site.name_zh').as('name_zh'),
      ({ fn }) => fn.coalesce('station.name_en', 'site.name_en').as('name_en'),
      'bound_device_id',
      'disowned_at',
      'ended_at',
    ])
    .where('sign_in.person_key', '=', personKey)
    .where('at', '>', sql<Date>`clock_timestamp() - ${signInsKeptDays} * interval '1 day'`)
    .orderBy('at', 'desc')
    .limit(mostListed)
    .execute();
  return rows.map((row) => ({
    sessionId: row.session_id,
    at: row.at.toISOString(),
    method: row.method as SignInMethod,
    browser: row.browser,
    operatingSystem: row.operating_system,
    place: row.name_zh === null ? null : { nameZh: row.name_zh, nameEn: row.name_en ?? row.name_zh },
    boundDeviceId: row.bound_device_id,
    disownedAt: row.disowned_at?.toISOString() ?? null,
    ended: row.ended_at !== null,
  }));
}

/**
 * Ends every session that the person may still have, but for `except` (the one in which they act): when a password
 * changes or a device is removed. Commands under them are refused from the commit on, reads within a second. Answers
 * the ids of those that were not ended before.
 */
export async function endSessionsOf(
  db: LedgerReader,
  personKey: string,
  { except }: { readonly except?: string } = {},
): Promise<readonly string[]> {
  const { rows } = await sql<{ session_id: string }>`
    insert into ended_session (session_id)
    select session_id from sign_in
    where person_key = ${personKey}::uuid and at > clock_timestamp() - ${longestSession}::interval
      and session_id is distinct from ${except ?? null}::uuid
    on conflict do nothing
    returning session_id
  `.execute(db);
  return rows.map(({ session_id }) => session_id);
}

/** Removes sign-ins that are no longer listed. Answers how many. */
export async function sweepSignIns(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from sign_in where at < clock_timestamp() - ${signInsKeptDays} * interval '1 day'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
