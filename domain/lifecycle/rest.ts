/**
 * When a person's run may end until something falls due. The rule reads the snapshot alone, so that the relay, which
 * notes in the ledger who sleeps, and the run itself come to the same answer without asking each other.
 */
import type { Instant } from '../civil-time/plain-date';
import { openObligations } from './obligations';
import type { CitizenSnapshot } from './snapshot';

const dayMs = 86_400_000;
/** What falls due sooner is waited for: ending and starting a run costs as much as its timer. */
const dueWithinDays = 3;
/** No run waits longer for an answer of the person: none lives for weeks on old code. */
const answerWithinDays = 14;

/**
 * Whether the run that was given this snapshot, taken at `takenAt`, ends: nothing falls due within some days, and
 * the person is not about to book.
 */
export function mayRest(personKey: string, snapshot: CitizenSnapshot, takenAt: Instant): boolean {
  const next = openObligations(personKey, snapshot, takenAt)[0];
  if (next && Date.parse(next.dueAt) <= Date.parse(takenAt) + dueWithinDays * dayMs) return false;
  return !awaitsBooking(snapshot, takenAt);
}

/** A window that is open at `instant`, or opens soon, and closes within days: booking or its end brings the next snapshot. */
export function awaitsBooking({ participations }: CitizenSnapshot, instant: Instant): boolean {
  const now = Date.parse(instant);
  return participations.some(
    ({ stage, invitation }) =>
      stage === 'invited' &&
      invitation !== null &&
      Date.parse(invitation.opensAt) <= now + dueWithinDays * dayMs &&
      Date.parse(invitation.closesAt) > now &&
      Date.parse(invitation.closesAt) <= now + answerWithinDays * dayMs,
  );
}
