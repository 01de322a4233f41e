/**
 * Who may act for whom in a family (家人代辦): a parent for a child under fifteen, without an application; an adult child
 * for an elder who agreed (seed 003, 眷屬管理; rules: My Health Bank, dependants).
 */
import { addMs, isPlainDate, type Instant, type PlainDate } from '../civil-time/plain-date';

/** For whom: 未滿 15 歲子女, or 同意的長輩. */
export const familyKinds = ['child', 'elder'] as const;
export type FamilyKind = (typeof familyKinds)[number];

/** From this birthday on a child's matters are the child's own. */
export const childUntilAge = 15;
/** Who acts for an elder is of full age (民法第 12 條). */
export const adultFromAge = 18;
/** An elder may be reached by a letter or at the next visit; a request that nobody answers is no lasting one. */
export const answerWithinDays = 14;

const dayMs = 86_400_000;

/** How a bond, or a request for one, ended by somebody's act; `expired` was written down when a new request was made. */
export type FamilyEnding = 'expired' | 'declined' | 'takenBack' | 'endedByActor' | 'endedByPerson';

/** What the ledger keeps of a bond, as far as it decides whether it stands. */
export interface FamilyBondTimes {
  readonly answerUntil: Instant | null;
  readonly agreedAt: Instant | null;
  /** Civil date: nothing is done in the child's name from this day on. */
  readonly endsOn: PlainDate | null;
  readonly ending: FamilyEnding | null;
}

/** `waiting` for an elder's word; `stands`; `grownUp`: the child turned fifteen; else how it ended. */
export type FamilyStanding = 'waiting' | 'stands' | 'grownUp' | FamilyEnding;

/** How a bond stands: its two ends by time, expiry and birthday, need nobody to write them down. */
export function standingOfBond(bond: FamilyBondTimes, now: Instant, today: PlainDate): FamilyStanding {
  if (bond.ending) return bond.ending;
  if (bond.endsOn !== null && today >= bond.endsOn) return 'grownUp';
  if (bond.agreedAt !== null) return 'stands';
  return bond.answerUntil !== null && Date.parse(now) < Date.parse(bond.answerUntil) ? 'waiting' : 'expired';
}

/** The first day on which a child of that birth date is fifteen: the 1st of March for who was born on a 29th of February. */
export function fifteenthBirthday(birthDate: PlainDate): PlainDate {
  const sameDay = `${String(Number(birthDate.slice(0, 4)) + childUntilAge)}${birthDate.slice(4)}`;
  return isPlainDate(sameDay) ? sameDay : `${sameDay.slice(0, 4)}-03-01`;
}

/** Until when an elder may answer what was asked at `askedAt`. */
export function answerUntil(askedAt: Instant): Instant {
  return addMs(askedAt, answerWithinDays * dayMs);
}

/** A window of time at a site. */
export interface WindowAtSite {
  readonly siteId: string;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

/** Are two windows neighbours: the same one, or one ends where the other begins, at the same site? */
export function areNeighbours(one: WindowAtSite, other: WindowAtSite): boolean {
  if (one.siteId !== other.siteId) return false;
  return (
    Date.parse(one.startsAt) <= Date.parse(other.endsAt) &&
    Date.parse(other.startsAt) <= Date.parse(one.endsAt)
  );
}
