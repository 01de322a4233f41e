/** One booking wish, decided on the facts read for it: by the rules of the domain and by nothing else. */
import type { Instant } from '../domain/civil-time/plain-date';
import type { Mobile } from '../domain/person-number/mobile';
import type { Refusal } from '../domain/refusal/refusals';
import type { Round } from '../domain/round/round';
import type { TextLanguage } from '../domain/text-message/templates';
import type { SlotFacts, WishFacts } from './booking-facts';
import { rightTo } from './booking-rights';
import type { PlaceToTake } from './booking-writing';
import type { CommandContext } from './citizen-command';

/** A wish as it came in. */
export interface BookingAsked {
  readonly context: CommandContext;
  readonly slotId: number;
  readonly mobile: Mobile;
  readonly language: TextLanguage;
  /** Made for this wish: an appointment with this contact is its own. */
  readonly contactId: string;
  /** Trace of the request, as the outbox keeps it; the batch has none of its own. */
  readonly traceParent: string | null;
}

export type Verdict =
  | { readonly verdict: 'refused'; readonly refusal: Refusal }
  /** What is offered instead starts not before `from`. */
  | { readonly verdict: 'full'; readonly from: Instant | null }
  /** Done before: under the same key, or by an attempt whose outcome was unknown. */
  | { readonly verdict: 'doneBefore'; readonly appointmentNumber: string }
  | { readonly verdict: 'take'; readonly place: PlaceToTake };

/** Decides on `asked` at `now`. A full window is refused here at no further cost; a free one has yet to be taken. */
export function decideBooking(
  asked: BookingAsked,
  facts: WishFacts,
  slot: SlotFacts | undefined,
  round: Round | undefined,
  now: Instant,
): Verdict {
  const { context } = asked;
  const own = facts.standing.live[facts.contactIds.indexOf(asked.contactId)];
  if (own) return { verdict: 'doneBefore', appointmentNumber: own.appointmentNumber };
  const refusal = refusalOfContext(context, facts);
  if (refusal) return { verdict: 'refused', refusal };
  if (facts.answered) return { verdict: 'doneBefore', appointmentNumber: facts.answered.appointmentNumber };
  if (!slot || !round || !facts.person) return { verdict: 'refused', refusal: { code: 'slotUnknown' } };
  const right = rightTo('book', slot, { standing: facts.standing, round, person: facts.person, now });
  if ('refusal' in right) return { verdict: 'refused', refusal: right.refusal };
  if (slot.left === 0) return { verdict: 'full', from: right.earliestAt };
  const { personKey } = context;
  return { verdict: 'take', place: { ...asked, personKey, slot, right, rowVersion: facts.rowVersion } };
}

function refusalOfContext({ idempotency }: CommandContext, facts: WishFacts): Refusal | undefined {
  if (!facts.person) return { code: 'sessionRequired' };
  if (facts.sessionEnded) return { code: 'sessionEnded' };
  const { answered } = facts;
  if (answered && idempotency && !answered.requestHash.equals(idempotency.requestHash)) {
    return { code: 'idempotencyKeyReused' };
  }
  return undefined;
}
