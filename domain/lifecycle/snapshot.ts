/**
 * The snapshot: the whole state of one person as the engine may know it. Versions, stages, dates, codes and
 * opaque numbers; nothing personal. The relay carries it; the workflow keeps the highest version it has seen.
 */
import type { Instant, PlainDate } from '../civil-time/plain-date';
import type { Stage } from './transitions';

export interface InvitationFacts {
  readonly product: string;
  /** When this person's booking window opens and closes. */
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  /** When the right to book was last given: at settlement, or by a cancellation. */
  readonly givenAt: Instant;
}

export interface AppointmentFacts {
  readonly appointmentNumber: string;
  readonly status: 'booked' | 'cancelled' | 'attended' | 'missed';
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  /** When time and place were last set: booked or moved. */
  readonly arrangedAt: Instant;
  /** End of the site's last window that day: until then the person may still come. */
  readonly dayEndsAt: Instant;
}

export interface ParticipationFacts {
  readonly roundId: string;
  readonly stage: Stage;
  readonly stageSince: Instant;
  readonly doseNumber: number;
  readonly invitation: InvitationFacts | null;
  /** The newest appointment of the round, live or not. */
  readonly appointment: AppointmentFacts | null;
}

export interface CitizenSnapshot {
  readonly version: number;
  /** The stepping clock's offset when the snapshot was taken; 0 in production. */
  readonly clockOffsetMs: number;
  /** Ledger time at which it was read; absent in snapshots that runs took before they ended by a rule of their own. */
  readonly takenAt?: Instant;
  readonly participations: readonly ParticipationFacts[];
  /** The next dose of the series and from which day it may be given, or `null` when none is foreseen. */
  readonly nextDose: { readonly doseNumber: number; readonly dueOn: PlainDate } | null;
  /** Occasions of obligations already met, as far as they still matter. */
  readonly met: readonly string[];
}
