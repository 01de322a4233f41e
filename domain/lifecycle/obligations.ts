/**
 * What is owed to a person, and when: worked out from the snapshot alone, so that a duplicate, a gap, a restart
 * and a rebuild all come to the same answer.
 */
import { addDays, addMs, laterOf, taipeiDateOf, taipeiInstant, type Instant } from '../civil-time/plain-date';
import type { CitizenSnapshot, ParticipationFacts } from './snapshot';

export const obligationKinds = [
  /** A day after the right to book was given and not used. */
  'remindToBook',
  /** On the day before the appointment. */
  'remindOfAppointment',
  /** The window passed: any session of the same day still serves. */
  'offerSameDay',
  /** The day passed: the next round comes by itself. */
  'tellMissed',
  /** The window closed without an appointment: the next round comes by itself. */
  'tellLapsed',
  /** The dose was given: what comes next. */
  'confirmDose',
  /** The interval to the next dose has passed. */
  'remindNextDose',
] as const;

export type ObligationKind = (typeof obligationKinds)[number];

export interface Obligation {
  readonly kind: ObligationKind;
  readonly roundId: string | null;
  /** Unique for the person: the same occasion is never met twice. */
  readonly occasion: string;
  readonly dueAt: Instant;
  /** From when on meeting it would help nobody. */
  readonly lapsesAt: Instant;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;
const dayMs = 24 * hourMs;

/** Nobody is texted between 20:00 and 09:00 (Asia/Taipei). */
export const civilHours = { fromMinute: 9 * 60, toMinute: 20 * 60 };
/** Spread of mass wake-ups, so that a whole round's reminders do not fall in one minute. */
export const reminderJitterMs = 6 * hourMs;
const dayBeforeFromMinute = 10 * 60;
const dayBeforeJitterMs = 8 * hourMs;

/** A number in [0, 1) that is the same for a person every time (FNV-1a over the key). */
export function jitterOf(personKey: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < personKey.length; index += 1) {
    hash = Math.imul(hash ^ personKey.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash / 0x1_0000_0000;
}

/** The same instant if it falls in civil hours, else the next 09:00. */
export function atCivilHour(instant: Instant): Instant {
  const date = taipeiDateOf(instant);
  const opening = taipeiInstant(date, civilHours.fromMinute);
  if (Date.parse(instant) < Date.parse(opening)) return opening;
  if (Date.parse(instant) < Date.parse(taipeiInstant(date, civilHours.toMinute))) return instant;
  return taipeiInstant(addDays(date, 1), civilHours.fromMinute);
}

/** When the reminder to book falls due: a day after one could book, or midway in a shorter window, with jitter. */
export function remindToBookAt(
  invitation: { readonly opensAt: Instant; readonly closesAt: Instant; readonly givenAt: Instant },
  jitter: number,
): Instant {
  const from = Date.parse(laterOf(invitation.opensAt, invitation.givenAt));
  const left = Math.max(0, Date.parse(invitation.closesAt) - from);
  const wait = Math.min(dayMs, left / 2);
  const spread = Math.min(reminderJitterMs, left / 4);
  return atCivilHour(new Date(Math.round(from + wait + jitter * spread)).toISOString());
}

function remindToBook(p: ParticipationFacts, jitter: number): Obligation[] {
  if (p.stage !== 'invited' || !p.invitation) return [];
  return [
    {
      kind: 'remindToBook',
      roundId: p.roundId,
      occasion: `remindToBook/${p.roundId}/${p.invitation.givenAt}`,
      dueAt: remindToBookAt(p.invitation, jitter),
      lapsesAt: p.invitation.closesAt,
    },
  ];
}

function aroundTheAppointment(p: ParticipationFacts, jitter: number): Obligation[] {
  const appointment = p.appointment;
  if (p.stage !== 'booked' || !appointment) return [];
  const dayBefore = addDays(taipeiDateOf(appointment.startsAt), -1);
  const reminderAt = addMs(
    taipeiInstant(dayBefore, dayBeforeFromMinute),
    Math.round(jitter * dayBeforeJitterMs),
  );
  const arrangement = `${appointment.appointmentNumber}/${appointment.startsAt}`;
  const reminder: Obligation = {
    kind: 'remindOfAppointment',
    roundId: p.roundId,
    occasion: `remindOfAppointment/${arrangement}`,
    dueAt: reminderAt,
    lapsesAt: appointment.startsAt,
  };
  const sameDay: Obligation = {
    kind: 'offerSameDay',
    roundId: p.roundId,
    occasion: `offerSameDay/${arrangement}`,
    dueAt: addMs(appointment.endsAt, 15 * minuteMs),
    lapsesAt: appointment.dayEndsAt,
  };
  // Whoever books within the last day has just read place and time in the acknowledgement.
  const justBooked = Date.parse(appointment.arrangedAt) >= Date.parse(reminderAt);
  const sameDayHelps = Date.parse(sameDay.dueAt) < Date.parse(sameDay.lapsesAt);
  return [...(justBooked ? [] : [reminder]), ...(sameDayHelps ? [sameDay] : [])];
}

/** How long after an ending the person is still told of it. */
const tellWithinMs = 14 * dayMs;

/** How the participation came to its end, as far as the person is told of it. */
function ending(p: ParticipationFacts): 'tellMissed' | 'tellLapsed' | 'confirmDose' | undefined {
  const told = { missed: 'tellMissed', lapsed: 'tellLapsed', attended: 'confirmDose' } as const;
  if (p.stage === 'missed' || p.stage === 'lapsed' || p.stage === 'attended') return told[p.stage];
  // The round may carry a person over before they were told why; who was not invited is told nothing.
  if (p.stage !== 'carriedOver' || !p.invitation) return undefined;
  return p.appointment?.status === 'missed' ? told.missed : told.lapsed;
}

function afterwards(p: ParticipationFacts): Obligation[] {
  const kind = ending(p);
  if (!kind) return [];
  return [
    {
      kind,
      roundId: p.roundId,
      occasion: `${kind}/${p.roundId}/${p.appointment?.appointmentNumber ?? '-'}`,
      dueAt: atCivilHour(p.stageSince),
      lapsesAt: addMs(p.stageSince, tellWithinMs),
    },
  ];
}

function nextDose(snapshot: CitizenSnapshot, jitter: number): Obligation[] {
  const { nextDose: next, participations } = snapshot;
  // Someone who already waits for, may book or has booked that dose needs no reminder of it.
  const underWay = participations.some(
    (p) =>
      p.doseNumber === next?.doseNumber && ['registered', 'offered', 'invited', 'booked'].includes(p.stage),
  );
  if (!next || underWay) return [];
  const dueAt = addMs(taipeiInstant(next.dueOn, dayBeforeFromMinute), Math.round(jitter * dayBeforeJitterMs));
  return [
    {
      kind: 'remindNextDose',
      roundId: null,
      occasion: `remindNextDose/${next.doseNumber}`,
      dueAt,
      lapsesAt: addMs(dueAt, 60 * dayMs),
    },
  ];
}

/** Everything owed to the person and not yet met, earliest first. `personKey` only spreads the instants. */
export function obligationsOf(personKey: string, snapshot: CitizenSnapshot): readonly Obligation[] {
  const jitter = jitterOf(personKey);
  const owed = [
    ...snapshot.participations.flatMap((p) => [
      ...remindToBook(p, jitter),
      ...aroundTheAppointment(p, jitter),
      ...afterwards(p),
    ]),
    ...nextDose(snapshot, jitter),
  ];
  return (
    owed
      // A civil hour may fall after the end of what it reminds of: then nothing is owed.
      .filter(({ dueAt, lapsesAt }) => Date.parse(dueAt) < Date.parse(lapsesAt))
      .filter(({ occasion }) => !snapshot.met.includes(occasion))
      .sort((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt) || (a.occasion < b.occasion ? -1 : 1))
  );
}

/** The obligations that still help at `now`; one that lapsed unmet is owed no more. */
export function openObligations(
  personKey: string,
  snapshot: CitizenSnapshot,
  now: Instant,
): readonly Obligation[] {
  return obligationsOf(personKey, snapshot).filter(({ lapsesAt }) => Date.parse(lapsesAt) > Date.parse(now));
}

/** What a ledger command answers to the workflow that asks for an obligation to be met. */
export type ObligationAnswer =
  /** Met now or before, with the person's state after it; answers recorded earlier had none, and it came by a signal. */
  | { readonly answer: 'done' | 'alreadyDone'; readonly snapshot?: CitizenSnapshot }
  /** The facts have moved on; a newer snapshot is on its way. */
  | { readonly answer: 'notOwed' }
  | { readonly answer: 'notDue'; readonly until: Instant };
