/** A person's appointments as they may read them. */
import { sql } from 'kysely';

import type { ClosureReason } from '../domain/closure/closure';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { openMobile } from './contact';
import type { Ledger } from './database';
import { siteColumns, siteOf, type SiteView } from './site';

export type AppointmentStatus = 'booked' | 'cancelled' | 'attended' | 'missed';

/** An appointment (預約) with its place and time; the mobile is in full, for the caller to mask. */
export interface AppointmentView {
  readonly appointmentNumber: string;
  readonly status: AppointmentStatus;
  readonly bookedAt: Instant;
  /** When its time and place were last set: booked or moved. */
  readonly arrangedAt: Instant;
  /** When it was cancelled, attended or missed; null while it stands. */
  readonly endedAt: Instant | null;
  readonly doseNumber: number;
  readonly product: string;
  readonly slotId: number;
  readonly siteId: string;
  readonly site: SiteView;
  readonly sessionDate: PlainDate;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly mobile: string;
  readonly roundId: string;
  /** Why the authority cancelled it; null where it did not. */
  readonly closedFor: ClosureReason | null;
}

interface AppointmentRow extends SiteView {
  appointment_number: string;
  status: AppointmentStatus;
  booked_at: Date;
  arranged_at: Date;
  ended_at: Date | null;
  dose_number: number;
  product: string;
  slot_id: number;
  session_date: PlainDate;
  starts_at: Date;
  ends_at: Date;
  contact_id: string;
  mobile_cipher: Buffer;
  round_id: string;
  closed_for: ClosureReason | null;
}

/** The person's own appointment of that number, live or not; undefined for anyone else's. */
export async function readAppointment(
  ledger: Ledger,
  personKey: string,
  appointmentNumber: string,
): Promise<AppointmentView | undefined> {
  const [view] = await readViews(ledger, personKey, sql`a.appointment_number = ${appointmentNumber}`, 1);
  return view;
}

/** The person's appointment that stands, the earliest if there are several (of several rounds). */
export async function readLiveAppointment(
  ledger: Ledger,
  personKey: string,
): Promise<AppointmentView | undefined> {
  const live = await readViews(ledger, personKey, sql`a.status = 'booked'`, 20);
  return live.toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))[0];
}

/** All of the person's appointments, newest first. */
export async function readAppointments(
  ledger: Ledger,
  personKey: string,
): Promise<readonly AppointmentView[]> {
  return readViews(ledger, personKey, sql`true`, 100);
}

async function readViews(
  ledger: Ledger,
  personKey: string,
  which: ReturnType<typeof sql>,
  limit: number,
): Promise<readonly AppointmentView[]> {
  const { rows } = await sql<AppointmentRow>`
    select a.appointment_number, a.status, a.booked_at, a.arranged_at, a.ended_at, a.dose_number, a.product, a.slot_id,
      a.round_id, x.reason as closed_for, s.session_date, s.starts_at, s.ends_at, c.contact_id, c.mobile_cipher, ${siteColumns}
    from appointment a
    join slot s using (slot_id) join site t using (site_id) join contact c using (contact_id)
    left join closure x on x.closure_id = a.closure_id
    where a.person_key = ${personKey}::uuid and ${which}
    order by a.booked_at desc limit ${limit}
  `.execute(ledger.db);
  return rows.map((row) => ({
    appointmentNumber: row.appointment_number,
    status: row.status,
    bookedAt: row.booked_at.toISOString(),
    arrangedAt: row.arranged_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    doseNumber: row.dose_number,
    product: row.product,
    slotId: row.slot_id,
    siteId: row.siteId,
    site: siteOf(row),
    sessionDate: row.session_date,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    mobile: openMobile(ledger.keys, row),
    roundId: row.round_id,
    closedFor: row.closed_for,
  }));
}
