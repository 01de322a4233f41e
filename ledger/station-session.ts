/** Sessions that a station begins for a person: by the card read there, or by designated staff who act for them. */
import { sql } from 'kysely';

import type { AssistanceReason } from '../domain/station/station';
import { refused, accepted, type Outcome } from '../domain/refusal/refusals';
import type { Ledger, LedgerDb } from './database';

/** What a session's owner is told and its history keeps. */
export interface StationSession {
  readonly stationId: string;
  /** Who acts for the person; absent where the person's own card was read. */
  readonly assistedBy?: { readonly staffId: string; readonly reason: AssistanceReason };
}

/**
 * Binds a session to the station that begins it; before the session is handed out. Refuses with `stationUnknown` when
 * the station's or the staff's key has ended: who ends a key ends the sessions that stand here, and this asks after
 * the row is committed, so that whichever comes first no session outlives the key.
 */
export async function beginStationSession(
  db: LedgerDb,
  sessionId: string,
  { stationId, assistedBy }: StationSession,
): Promise<Outcome<undefined>> {
  await db
    .insertInto('station_session')
    .values({
      session_id: sessionId,
      station_id: stationId,
      staff_id: assistedBy?.staffId ?? null,
      reason: assistedBy?.reason ?? null,
    })
    .execute();
  const { rows } = await sql<{ live: boolean }>`
    select st.revoked_at is null and (b.staff_id is null or sf.dismissed_at is null) as live
    from station_session b join station st using (station_id)
    left join station_staff sf on sf.station_id = b.station_id and sf.staff_id = b.staff_id
    where b.session_id = ${sessionId}::uuid
  `.execute(db);
  return rows[0]?.live ? accepted(undefined) : refused({ code: 'stationUnknown' });
}

/** Removes what no session can bear any more, and looks of yesterday. Answers how many rows. */
export async function sweepStationSessions(ledger: Ledger): Promise<number> {
  const sessions = await sql`
    delete from station_session where begun_at < clock_timestamp() - interval '2 days'`.execute(ledger.db);
  const looks = await sql`
    delete from station_look where looked_at < clock_timestamp() - interval '1 day'`.execute(ledger.db);
  return Number(sessions.numAffectedRows ?? 0n) + Number(looks.numAffectedRows ?? 0n);
}
