/** A round's calendar: what is done for the whole round, and when, worked out from its facts and session days. */
import { addDays, taipeiInstant, type Instant, type PlainDate } from '../civil-time/plain-date';

/** What the calendar depends on. */
export interface RoundCalendarFacts {
  /** Registration opening and settlement; null in a round where whoever is eligible books. */
  readonly registrationOpensAt: Instant | null;
  /** Absent in runs that began before it was asked for. */
  readonly registrationEndsAt?: Instant | null;
  readonly settlesAt: Instant | null;
  /** Ends of the booking windows, in any order and as often as they occur. */
  readonly windowsCloseAt: readonly Instant[];
  /** Days on which there are sessions, in any order. */
  readonly sessionDates: readonly PlainDate[];
}

/** One step of the round; each is idempotent, so a changed calendar may name one again. */
export type RoundStep =
  /** Those who got nothing in earlier rounds come into this one by themselves. */
  | { readonly step: 'carryOver'; readonly at: Instant }
  /** Registration is over: rank, and invite as far as the supply goes. */
  | { readonly step: 'settle'; readonly at: Instant }
  /** The right to book ends for everybody whose window closed by then. */
  | { readonly step: 'lapseInvitations'; readonly at: Instant; readonly closedBy: Instant }
  /** The day is over: who did not come has missed the appointment. */
  | { readonly step: 'markMissed'; readonly at: Instant; readonly throughDate: PlainDate }
  /** Nothing more can happen in the round. */
  | { readonly step: 'closeRound'; readonly at: Instant };

export type RoundStepName = RoundStep['step'];

/** Order of steps that fall on the same instant. */
const stepOrder: Readonly<Record<RoundStepName, number>> = {
  carryOver: 0,
  settle: 1,
  lapseInvitations: 2,
  markMissed: 3,
  closeRound: 4,
};

/** The steps in the order in which they are taken. A round without any session day is not closed by itself. */
export function roundCalendar(facts: RoundCalendarFacts): readonly RoundStep[] {
  const steps: RoundStep[] = [
    // At the end of registration too, so that a preview before the settlement counts who waited until then.
    ...[...new Set([facts.registrationOpensAt, facts.registrationEndsAt ?? null, facts.settlesAt])].flatMap(
      (at): RoundStep[] => (at === null ? [] : [{ step: 'carryOver', at }]),
    ),
    ...(facts.settlesAt === null ? [] : [{ step: 'settle', at: facts.settlesAt } as const]),
    ...[...new Set(facts.windowsCloseAt)].map((at): RoundStep => ({
      step: 'lapseInvitations',
      at,
      closedBy: at,
    })),
    ...[...new Set(facts.sessionDates)].map((date): RoundStep => ({
      step: 'markMissed',
      at: taipeiInstant(addDays(date, 1), 0),
      throughDate: date,
    })),
  ];
  const last = steps.reduce((latest, { at }) => Math.max(latest, Date.parse(at)), 0);
  if (facts.sessionDates.length > 0) steps.push({ step: 'closeRound', at: new Date(last).toISOString() });
  return steps.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || stepOrder[a.step] - stepOrder[b.step]);
}

/** Names a step so that one already taken is recognised after the calendar changed. */
export function stepKey(step: RoundStep): string {
  return `${step.step}/${step.at}`;
}
