/** What a person may book: from their invitations, and from the open rounds that invite by eligibility alone. */
import {
  ageInRound,
  bookingWindowFor,
  extended,
  nextDoseNumber,
  permittedProducts,
} from '../domain/booking/booking-rules';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import {
  isConsentedTo,
  needsParentalConsent,
  type ParentalConsent,
} from '../domain/consent/parental-consent';
import type { ParticipationFacts } from '../domain/lifecycle/snapshot';
import type { Refusal } from '../domain/refusal/refusals';
import { groupInRound, type Round } from '../domain/round/round';
import type { Ledger, LedgerReader } from './database';
import { readParentalConsents } from './parental-consent';
import type { PersonView } from './person';
import { readSnapshots } from './snapshot';

/** A product that a person may book within its window. */
export interface BookingRight {
  readonly round: Round;
  readonly product: string;
  readonly doseNumber: number;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  /** First day on which the interval after the previous dose is over; `null` without one. */
  readonly earliestOn: PlainDate | null;
}

/** Rights whose windows have not closed, those that open first in front. */
export interface BookingRights {
  readonly open: readonly BookingRight[];
  readonly coming: readonly BookingRight[];
  /** Why nothing can be booked at this instant; `null` when something can. */
  readonly refusal: Refusal | null;
}

/** The person's rights to book in `rounds` at `now`. */
export async function readBookingRights(
  ledger: Ledger,
  person: PersonView,
  rounds: readonly Round[],
  now: Instant,
): Promise<BookingRights> {
  const snapshot = (await readSnapshots(ledger.db, [person.personKey])).get(person.personKey);
  const parts = new Map(snapshot?.participations.map((part) => [part.roundId, part]) ?? []);
  const agreed = await readAgreements(ledger.db, person, rounds);
  const held = rounds.flatMap((round) => rightsIn(round, parts.get(round.roundId), person));
  const withheld = held.map((right) => agreementMissing(right, person, agreed));
  const all = held.filter((_, index) => withheld[index] === undefined);
  const at = Date.parse(now);
  const live = all
    .filter(({ closesAt }) => at < Date.parse(closesAt))
    .sort((a, b) => Date.parse(a.opensAt) - Date.parse(b.opensAt));
  const open = live.filter(({ opensAt }) => Date.parse(opensAt) <= at);
  const coming = live.filter(({ opensAt }) => at < Date.parse(opensAt));
  // What can still be put right in time is more use than to read when it would open.
  const mendable = held.findIndex(
    ({ closesAt }, index) => withheld[index] !== undefined && at < Date.parse(closesAt),
  );
  const why = (): Refusal => withheld[mendable] ?? whyNone(coming, all, [...parts.values()]);
  return { open, coming, refusal: open.length > 0 ? null : why() };
}

/** What was agreed to: by guardians, and in which rounds the person registered a mixed intent. */
interface Agreements {
  readonly consents: readonly ParentalConsent[];
  readonly mixedIntentIn: ReadonlySet<string>;
}

async function readAgreements(
  db: LedgerReader,
  { personKey, birthDate }: PersonView,
  rounds: readonly Round[],
): Promise<Agreements> {
  const young = rounds.some((round) => needsParentalConsent(ageInRound(round, birthDate)));
  const mixing = rounds.some((round) => round.doseIntervals.some((interval) => interval.needsMixedIntent));
  const rows = mixing
    ? await db
        .selectFrom('registration')
        .select('round_id')
        .where('person_key', '=', personKey)
        .where('withdrawn_at', 'is', null)
        .where('mixed_intent', '=', true)
        .execute()
    : [];
  return {
    consents: young ? await readParentalConsents(db, personKey) : [],
    mixedIntentIn: new Set(rows.map((row) => row.round_id)),
  };
}

/** The refusal that booking by this right would meet for want of an agreement. */
function agreementMissing(
  { round, product }: BookingRight,
  { birthDate, lastDose }: PersonView,
  { consents, mixedIntentIn }: Agreements,
): Refusal | undefined {
  const permitted = permittedProducts(round, lastDose).find((candidate) => candidate.product === product);
  if (permitted?.needsMixedIntent && !mixedIntentIn.has(round.roundId)) {
    return { code: 'mixedIntentMissing', product, previousProduct: lastDose?.product ?? '' };
  }
  if (isConsentedTo(product, ageInRound(round, birthDate), consents)) return undefined;
  return { code: 'consentMissing', product };
}

function rightsIn(
  round: Round,
  part: ParticipationFacts | undefined,
  person: PersonView,
): readonly BookingRight[] {
  if (part && part.stage !== 'invited') return [];
  const { lastDose } = person;
  const doseNumber = part?.doseNumber ?? nextDoseNumber(lastDose);
  const permitted = permittedProducts(round, lastDose);
  const right = (product: string, window: { opensAt: Instant; closesAt: Instant }): BookingRight => ({
    round,
    product,
    doseNumber,
    opensAt: window.opensAt,
    closesAt: window.closesAt,
    earliestOn: permitted.find((candidate) => candidate.product === product)?.earliestOn ?? null,
  });
  if (round.kind === 'rankThenInvite') {
    return part?.invitation ? [right(part.invitation.product, part.invitation)] : [];
  }
  if (groupInRound(round, person.priorityGroups) === undefined) return [];
  return permitted.flatMap(({ product }) => {
    const window = bookingWindowFor(round, product, ageInRound(round, person.birthDate));
    return window ? [right(product, extended(window, part?.invitation ?? null))] : [];
  });
}

function whyNone(
  [next]: readonly BookingRight[],
  all: readonly BookingRight[],
  parts: readonly ParticipationFacts[],
): Refusal {
  if (next) return { code: 'bookingNotOpenYet', opensAt: next.opensAt };
  for (const { stage, appointment } of parts) {
    if (stage === 'booked' && appointment) {
      return { code: 'alreadyBooked', appointmentNumber: appointment.appointmentNumber };
    }
  }
  if (parts.some(({ stage }) => stage === 'attended')) return { code: 'alreadyAttended' };
  const closedAt = all
    .map((right) => right.closesAt)
    .sort()
    .at(-1);
  return closedAt === undefined ? { code: 'notInvited' } : { code: 'bookingClosed', closedAt };
}
