/** What operations read about a citizen's run: stages and dues in plain words, nothing personal. */
import { addMs, type Instant } from '../../domain/civil-time/plain-date';
import type { Obligation, ObligationKind } from '../../domain/lifecycle/obligations';
import type { CitizenSnapshot } from '../../domain/lifecycle/snapshot';
import type { Stage } from '../../domain/lifecycle/transitions';

const stageWords: Record<Stage, string> = {
  registered: 'registered, waits for settlement',
  withdrawn: 'registration withdrawn',
  offered: 'is offered a freed place',
  invited: 'may book',
  booked: 'holds an appointment',
  attended: 'was vaccinated',
  missed: 'missed the appointment',
  lapsed: 'did not book in time',
  carriedOver: 'carried over to a later round',
};

const obligationWords: Record<ObligationKind, string> = {
  remindToBook: 'reminder to book',
  remindOfAppointment: 'reminder of the appointment',
  offerSameDay: 'offer of any window of the same day',
  tellMissed: 'word on the missed appointment',
  tellLapsed: 'word on the closed booking window',
  confirmDose: 'confirmation of the dose',
  remindNextDose: 'reminder of the next dose',
};

/** An obligation as a timer's or activity's summary names it. */
export function summaryOf(kind: ObligationKind): string {
  return obligationWords[kind];
}

/** Where the person stands in every round, and what falls due next; Markdown for the Temporal UI. */
export function detailsOf(snapshot: CitizenSnapshot, next: Obligation | undefined): string {
  const stages = snapshot.participations.map(
    ({ roundId, stage, doseNumber }) =>
      `- round ${roundId}, dose ${String(doseNumber)}: ${stageWords[stage]}`,
  );
  const due = next ? `${obligationWords[next.kind]}, ${taipeiMinute(next.dueAt)} (Taipei)` : 'nothing';
  return [...stages, `- next due: ${due}`, `- snapshot version ${String(snapshot.version)}`].join('\n');
}

function taipeiMinute(instant: Instant): string {
  return addMs(instant, 8 * 3_600_000)
    .slice(0, 16)
    .replace('T', ' ');
}
