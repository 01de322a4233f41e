/** Who may register for a round, what may be given to them next, and whether they may book a given window. */
import { addDays, ageOn, type Instant, type PlainDate } from '../civil-time/plain-date';
import { isConsentedTo, type ParentalConsent } from '../consent/parental-consent';
import { accepted, refused, type Outcome } from '../refusal/refusals';
import { groupInRound, type BookingWindow, type Round } from '../round/round';

/** What ranks a person and decides on their windows. */
export interface PersonFacts {
  readonly birthDate: PlainDate;
  readonly priorityGroups: readonly number[];
}

/** A dose that was given, here or elsewhere. */
export interface DoseGiven {
  readonly doseNumber: number;
  readonly product: string;
  readonly givenOn: PlainDate;
}

/** A product that may be given next, and from which day on; `null`: there was no dose before it. */
export interface PermittedProduct {
  readonly product: string;
  readonly earliestOn: PlainDate | null;
  /** True where it may follow the last dose only with a mixed intent. */
  readonly needsMixedIntent: boolean;
}

/** The right to book that a settlement gave. */
export interface InvitationGiven {
  readonly product: string;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

/** The window that someone wishes to book. */
export interface SlotWished {
  readonly roundId: string;
  readonly product: string;
  readonly sessionDate: PlainDate;
  readonly startsAt: Instant;
  /** By the authority. */
  readonly closed?: boolean;
}

const isBefore = (a: Instant, b: Instant): boolean => Date.parse(a) < Date.parse(b);

/** The last dose by its number, or `null`. */
export function lastDoseOf(doses: readonly DoseGiven[]): DoseGiven | null {
  return doses.reduce<DoseGiven | null>(
    (last, dose) => (last === null || dose.doseNumber > last.doseNumber ? dose : last),
    null,
  );
}

/** Number of the dose that comes next: previous doses + 1. */
export function nextDoseNumber(lastDose: DoseGiven | null): number {
  return (lastDose?.doseNumber ?? 0) + 1;
}

/**
 * The round's products, in its order, that may follow the last dose. After a dose only those pairs may follow
 * for which the round names an interval, for the dose number that is due; some of them (AZ → mRNA, say) need a mixed
 * intent besides, which the answer says.
 */
export function permittedProducts(round: Round, lastDose: DoseGiven | null): readonly PermittedProduct[] {
  return round.products.flatMap(({ product }): PermittedProduct[] => {
    if (lastDose === null) return [{ product, earliestOn: null, needsMixedIntent: false }];
    const interval = round.doseIntervals.find(
      ({ fromProduct, toProduct, doseNumber }) =>
        fromProduct === lastDose.product && toProduct === product && doseNumber === nextDoseNumber(lastDose),
    );
    if (!interval) return [];
    const earliestOn = addDays(lastDose.givenOn, interval.intervalDays);
    return [{ product, earliestOn, needsMixedIntent: interval.needsMixedIntent }];
  });
}

/** The booking window of someone aged `age` (full years on the round's `ageReckonedOn`), if the round has one. */
export function bookingWindowFor(round: Round, product: string, age: number): BookingWindow | undefined {
  return round.bookingWindows.find(
    (window) => window.product === product && window.ageFrom <= age && age <= window.ageTo,
  );
}

/** Age in full years on the day on which the round reckons it. */
export function ageInRound(round: Round, birthDate: PlainDate): number {
  return ageOn(birthDate, round.ageReckonedOn);
}

/**
 * May this person register, change or withdraw at `now`, and under which group? Nothing is taken outside the
 * round's registration opening and end (310 bookings taken before an opening were a real defect elsewhere).
 */
export function mayRegister(
  round: Round,
  person: PersonFacts,
  now: Instant,
): Outcome<{ readonly priorityGroup: number }> {
  const { registrationOpensAt: opensAt, registrationEndsAt: endsAt } = round;
  if (round.kind !== 'rankThenInvite' || opensAt === null || endsAt === null)
    return refused({ code: 'noOpenRound' });
  if (isBefore(now, opensAt)) return refused({ code: 'registrationNotOpenYet', opensAt });
  if (!isBefore(now, endsAt)) return refused({ code: 'registrationClosed', endedAt: endsAt });
  const priorityGroup = groupInRound(round, person.priorityGroups);
  return priorityGroup === undefined ? refused({ code: 'notInOpenGroup' }) : accepted({ priorityGroup });
}

/**
 * Are these products a choice that the round can serve? At least one, each of the round, each permitted after the
 * last dose (with a mixed intent where the pair needs one), and its interval over by the product's last session.
 * `lastSessionOn` has the last session date of each product; a product without one has no sessions announced yet and
 * is not refused for it.
 */
export function chooseProducts(
  round: Round,
  lastDose: DoseGiven | null,
  wish: { readonly products: readonly string[]; readonly mixedIntent: boolean },
  lastSessionOn: ReadonlyMap<string, PlainDate>,
): Outcome<readonly string[]> {
  const chosen = new Set(wish.products);
  if (chosen.size === 0) return refused({ code: 'productRequired' });
  const permitted = permittedProducts(round, lastDose);
  for (const product of chosen) {
    if (!round.products.some((offered) => offered.product === product)) {
      return refused({ code: 'productNotOffered', product });
    }
    const allowed = permitted.find((candidate) => candidate.product === product);
    if (!allowed) {
      return refused({ code: 'productNotAfterPreviousDose', previousProduct: lastDose?.product ?? '' });
    }
    if (allowed.needsMixedIntent && !wish.mixedIntent) return refused(mixedIntentMissing(product, lastDose));
    if (!reachable(allowed.earliestOn, lastSessionOn.get(product) ?? null)) {
      return refused({ code: 'doseIntervalNotReached', earliestOn: allowed.earliestOn ?? '' });
    }
  }
  return accepted(round.products.filter(({ product }) => chosen.has(product)).map(({ product }) => product));
}

const mixedIntentMissing = (product: string, lastDose: DoseGiven | null) =>
  ({ code: 'mixedIntentMissing', product, previousProduct: lastDose?.product ?? '' }) as const;

/** Does the interval end by the last session? Sessions not announced (`null`) hinder nobody. */
export function reachable(earliestOn: PlainDate | null, lastSessionOn: PlainDate | null): boolean {
  return earliestOn === null || lastSessionOn === null || earliestOn <= lastSessionOn;
}

/**
 * May this person book this window at `now`? In a round that ranks, the invitation names product and times; in a
 * round that does not, the groups and the window of the person's age do. The answer has the dose that it will be.
 */
export function mayBook(wish: {
  readonly round: Round;
  readonly invitation: InvitationGiven | null;
  readonly person: PersonFacts;
  readonly doses: readonly DoseGiven[];
  /** Those in force. */
  readonly consents: readonly ParentalConsent[];
  /** As registered in this round; false where there is no registration. */
  readonly mixedIntent: boolean;
  readonly slot: SlotWished;
  readonly now: Instant;
}): Outcome<{ readonly product: string; readonly doseNumber: number; readonly window: InvitationGiven }> {
  const { round, slot, now } = wish;
  if (slot.roundId !== round.roundId) return refused({ code: 'slotUnknown' });
  const right = rightToBook(wish.round, wish.invitation, wish.person, slot.product);
  if (!right.ok) return right;
  const window = right.value;
  if (isBefore(now, window.opensAt)) return refused({ code: 'bookingNotOpenYet', opensAt: window.opensAt });
  if (!isBefore(now, window.closesAt)) return refused({ code: 'bookingClosed', closedAt: window.closesAt });
  if (slot.product !== window.product)
    return refused({ code: 'slotOfOtherProduct', product: window.product });
  const lastDose = lastDoseOf(wish.doses);
  const permitted = permittedProducts(round, lastDose).find(({ product }) => product === slot.product);
  if (!permitted) {
    return refused({ code: 'productNotAfterPreviousDose', previousProduct: lastDose?.product ?? '' });
  }
  if (permitted.needsMixedIntent && !wish.mixedIntent) {
    return refused(mixedIntentMissing(slot.product, lastDose));
  }
  if (!isConsentedTo(slot.product, ageInRound(round, wish.person.birthDate), wish.consents)) {
    return refused({ code: 'consentMissing', product: slot.product });
  }
  if (permitted.earliestOn !== null && slot.sessionDate < permitted.earliestOn) {
    return refused({ code: 'doseIntervalNotReached', earliestOn: permitted.earliestOn });
  }
  if (!isBefore(now, slot.startsAt)) return refused({ code: 'slotPast' });
  if (slot.closed === true) return refused({ code: 'slotClosed' });
  return accepted({ product: slot.product, doseNumber: nextDoseNumber(lastDose), window });
}

function rightToBook(
  round: Round,
  invitation: InvitationGiven | null,
  person: PersonFacts,
  product: string,
): Outcome<InvitationGiven> {
  switch (round.kind) {
    case 'rankThenInvite':
      return invitation ? accepted(invitation) : refused({ code: 'notInvited' });
    case 'bookIfEligible': {
      if (groupInRound(round, person.priorityGroups) === undefined)
        return refused({ code: 'notInOpenGroup' });
      const window = bookingWindowFor(round, product, ageInRound(round, person.birthDate));
      return window ? accepted(extended(window, invitation)) : refused({ code: 'notInvited' });
    }
  }
}

/** The window of an age, until the later end that one's own right to the product has after the authority cancelled. */
export function extended(
  window: InvitationGiven,
  invitation: Pick<InvitationGiven, 'product' | 'closesAt'> | null,
): InvitationGiven {
  if (invitation?.product !== window.product || !isBefore(window.closesAt, invitation.closesAt))
    return window;
  return { ...window, closesAt: invitation.closesAt };
}
