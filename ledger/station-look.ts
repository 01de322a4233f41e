/**
 * Looking people up (查詢) by designated staff: with the least that finds somebody, few answers at a time, and every
 * look in the history of whoever was shown.
 */
import { sql } from 'kysely';

import type { PlainDate } from '../domain/civil-time/plain-date';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { AssistanceReason } from '../domain/station/station';
import type { Ledger, LedgerTx } from './database';
import { unseal } from './encryption';
import { findPersonKey } from './person';

/** Who looks, and why. */
export interface Looking {
  readonly stationId: string;
  readonly staffId: string;
  readonly reason: AssistanceReason;
}

/** A number finds one person; a name only together with a birth date, and with a district where that is not enough. */
export type LookedFor =
  | { readonly personNumber: string }
  | { readonly name: string; readonly birthDate: PlainDate; readonly districtCode?: string };

export interface Look {
  /** Opens one of them within `lookLifeMinutes`; null where nobody is shown. */
  readonly lookId: string | null;
  readonly personKeys: readonly string[];
  /** More were found than are shown: nobody is, until more is said of the person. */
  readonly tooMany: boolean;
}

/** More answers than these would be browsing. */
export const mostShown = 3;
export const lookLifeMinutes = 10;
/** People of one birth date whose names are compared; a country of 24 million has some 1,500 on its fullest day. */
const mostCompared = 5_000;

/** The `channel` under which staff stand in the history. */
export function staffChannel(stationId: string, staffId: string): string {
  return `station:${stationId}/staff:${staffId}`;
}

/** Looks somebody up and writes that down, whether anybody was found or not. */
export async function lookUpPeople(ledger: Ledger, looking: Looking, wanted: LookedFor): Promise<Look> {
  const found = await peopleWho(ledger, wanted);
  const tooMany = found.length > mostShown;
  const personKeys = tooMany ? [] : found;
  const { stationId, staffId, reason } = looking;
  return ledger.db.transaction().execute(async (tx) => {
    const detail = {
      reason,
      by: 'personNumber' in wanted ? 'number' : 'name',
      found: tooMany ? 'tooMany' : found.length,
    };
    await note(tx, looking, 'lookUp', personKeys.length > 0 ? personKeys : [null], detail);
    if (personKeys.length === 0) return { lookId: null, personKeys, tooMany };
    const { look_id: lookId } = await tx
      .insertInto('station_look')
      .values({ station_id: stationId, staff_id: staffId, reason, person_keys: [...personKeys] })
      .returning('look_id')
      .executeTakeFirstOrThrow();
    return { lookId, personKeys, tooMany };
  });
}

async function peopleWho(ledger: Ledger, wanted: LookedFor): Promise<readonly string[]> {
  if ('personNumber' in wanted) {
    const personKey = await findPersonKey(ledger, wanted.personNumber);
    return personKey === undefined ? [] : [personKey];
  }
  const { rows } = await sql<{ person_key: string; name_cipher: Buffer }>`
    select p.person_key, p.name_cipher from person p
    where p.birth_date = ${wanted.birthDate}::date and (${wanted.districtCode ?? null}::text is null or exists (
      select from registration r where r.person_key = p.person_key and r.district_code = ${wanted.districtCode ?? null}))
    order by p.person_key limit ${mostCompared}
  `.execute(ledger.db);
  const name = comparable(wanted.name);
  return rows
    .filter((row) => comparable(unseal(ledger.keys, row.person_key, row.name_cipher)) === name)
    .map(({ person_key }) => person_key);
}

/** Names are compared without spaces and marks between their parts, and without regard to case and width. */
function comparable(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\s·・.,'-]/g, '')
    .toUpperCase();
}

/**
 * Opens one of those whom a look showed, `place` from 0 on, to act for them; that is written down too. Refuses with
 * `lookUnknown` for a look of somebody else, one that is too old, and a place that it did not show.
 */
export async function openLook(
  ledger: Ledger,
  { stationId, staffId }: Pick<Looking, 'stationId' | 'staffId'>,
  lookId: string,
  place: number,
): Promise<Outcome<{ readonly personKey: string; readonly reason: AssistanceReason }>> {
  const { rows } = await sql<{ person_key: string | null; reason: AssistanceReason }>`
    select person_keys[${place + 1}::integer] as person_key, reason from station_look
    where look_id = ${lookId}::uuid and station_id = ${stationId} and staff_id = ${staffId}
      and looked_at > clock_timestamp() - ${lookLifeMinutes} * interval '1 minute'
  `.execute(ledger.db);
  const [row] = rows;
  if (!row || row.person_key === null) return refused({ code: 'lookUnknown' });
  const { person_key: personKey, reason } = row;
  await note(ledger.db, { stationId, staffId }, 'beginAssistance', [personKey], { reason, lookId });
  return accepted({ personKey, reason });
}

async function note(
  db: LedgerTx | Ledger['db'],
  { stationId, staffId }: Pick<Looking, 'stationId' | 'staffId'>,
  act: 'lookUp' | 'beginAssistance',
  personKeys: readonly (string | null)[],
  detail: Readonly<Record<string, string | number>>,
): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values(
      personKeys.map((personKey) => ({
        person_key: personKey,
        version: null,
        act,
        actor: 'staff',
        channel: staffChannel(stationId, staffId),
        detail: JSON.stringify(detail),
      })),
    )
    .execute();
}
