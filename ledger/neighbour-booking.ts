/**
 * Two people of a family in neighbouring windows (兩人一起預約): one transaction in which both places are taken or neither,
 * by the same facts, rules and statements as any booking, and with the locks in the same order.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseError, type PoolClient } from 'pg';

import { areNeighbours } from '../domain/family/family-bond';
import { parseMobile, type Mobile } from '../domain/person-number/mobile';
import { accepted, refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import type { TextLanguage } from '../domain/text-message/templates';
import { decideBooking, type BookingAsked } from './booking-decision';
import { readBatchFacts, type BatchFacts } from './booking-facts';
import { readAppointment, type AppointmentView } from './booking-views';
import { isLost, takeAllPlaces, waitForHolders, type PlaceToTake } from './booking-writing';
import { isWithoutBond, type CommandContext } from './citizen-command';
import type { Ledger } from './database';
import { getRound } from './round';
import { activeTraceParent } from './trace-parent';

/** One of the two; `context` is of oneself, or of a bond under which one acts. */
export interface NeighbourWish {
  readonly context: CommandContext;
  readonly slotId: number;
  /** As typed. */
  readonly mobile: string;
  readonly language: TextLanguage;
}

type Two<T> = readonly [T, T];

const attempts = 8;
const retryWithinMs = 50;
const deadlocks = new Set(['40P01', '40001']);

/**
 * Books both or neither. Refuses with `mobileInvalid`, `slotUnknown`, `windowsNotNeighbours`, `sessionEnded`,
 * `familyBondEnded`, `idempotencyKeyReused`, and with `togetherRefused` for what stands against one of the two: the
 * reasons of `book`, `slotFull` among them. The same key asks for the same pair.
 */
export async function bookNeighbours(
  ledger: Ledger,
  wishes: Two<NeighbourWish>,
): Promise<Outcome<Two<AppointmentView>>> {
  const mobiles = wishes.map(({ mobile }) => parseMobile(mobile));
  const [first, second] = mobiles;
  if (!first || !second || 'refusal' in first || 'refusal' in second)
    return refused({ code: 'mobileInvalid' });
  const traceParent = activeTraceParent();
  const asked = (wish: NeighbourWish, { mobile }: { readonly mobile: Mobile }): BookingAsked => ({
    ...{ context: wish.context, slotId: wish.slotId, mobile, language: wish.language },
    ...{ contactId: randomUUID(), traceParent },
  });
  return bookingBoth(ledger, [asked(wishes[0], first), asked(wishes[1], second)]);
}

/** Tries until the outcome is known; with the same contacts each time, by which an attempt finds what it has booked. */
async function bookingBoth(ledger: Ledger, pair: Two<BookingAsked>): Promise<Outcome<Two<AppointmentView>>> {
  for (let attempt = 1; ; attempt += 1) {
    // A lane of the batches: their statements are planned there so that they stay good as tables grow.
    const client = await ledger.batchPool.connect();
    try {
      // An attempt before may be under way still, its connection lost: who waits for its locks sees how it ended.
      if (attempt > 1) await waitForHolders(client, pair.map(lockedFor));
      const answer = await answerOnce(ledger, client, pair);
      client.release();
      if (answer !== 'changed') return answer;
      if (attempt >= attempts) throw new Error('the facts of two bookings changed under every attempt');
    } catch (error) {
      client.release(isLost(error));
      if (isWithoutBond(error)) return refused({ code: 'familyBondEnded' });
      const again = isLost(error) || (error instanceof DatabaseError && deadlocks.has(error.code ?? ''));
      if (!again || attempt >= attempts) throw error;
    }
    await pause(Math.random() * retryWithinMs * attempt);
  }
}

const lockedFor = ({ context, slotId }: BookingAsked) => ({ slotId, personKey: context.personKey });

async function answerOnce(
  ledger: Ledger,
  client: PoolClient,
  pair: Two<BookingAsked>,
): Promise<Outcome<Two<AppointmentView>> | 'changed'> {
  const facts = await readBatchFacts(
    client,
    pair.map(({ context, slotId }) => ({
      ...{ personKey: context.personKey, slotId },
      idempotencyKey: context.idempotency?.key ?? null,
      sessionId: context.sessionId ?? null,
    })),
  );
  const numbers: string[] = [];
  const places: PlaceToTake[] = [];
  for (const [place, one] of pair.entries()) {
    const wish = facts.wishes[place];
    if (!wish) throw new Error('each wish has a row of facts');
    const slot = facts.slots.get(one.slotId);
    if (!slot) return refused({ code: 'slotUnknown' });
    const round = await getRound(ledger.db, slot.round_id);
    const verdict = decideBooking(one, wish, slot, round, facts.now);
    switch (verdict.verdict) {
      case 'doneBefore':
        numbers.push(verdict.appointmentNumber);
        break;
      case 'full':
        return refused({ code: 'togetherRefused', place, because: 'slotFull' });
      case 'refused':
        return refused(isOfBoth(verdict.refusal) ? verdict.refusal : neither(place, verdict.refusal));
      case 'take':
        places.push(verdict.place);
    }
  }
  if (numbers.length === pair.length) return bothAs(ledger, pair, numbers);
  // Of a pair either both stand under its key or neither.
  if (numbers.length > 0) return refused({ code: 'idempotencyKeyReused' });
  if (!neighbours(facts, pair)) return refused({ code: 'windowsNotNeighbours' });
  const answers = await takeAllPlaces(client, ledger.keys, places);
  if (answers.some(({ answer }) => answer === 'changed')) return 'changed';
  const full = answers.findIndex(({ answer }) => answer === 'full');
  if (full >= 0) return refused({ code: 'togetherRefused', place: full, because: 'slotFull' });
  return bothAs(
    ledger,
    pair,
    answers.flatMap((answer) => (answer.answer === 'booked' ? [answer.appointmentNumber] : [])),
  );
}

/** What concerns the session or the request, and so neither of the two in particular. */
function isOfBoth({ code }: Refusal): boolean {
  return code === 'sessionEnded' || code === 'sessionRequired' || code === 'idempotencyKeyReused';
}

const neither = (place: number, { code }: Refusal): Refusal => ({
  code: 'togetherRefused',
  place,
  because: code,
});

function neighbours({ slots }: BatchFacts, [one, other]: Two<BookingAsked>): boolean {
  const windows = [slots.get(one.slotId), slots.get(other.slotId)].map(
    (slot) =>
      slot && {
        siteId: slot.site_id,
        startsAt: slot.starts_at.toISOString(),
        endsAt: slot.ends_at.toISOString(),
      },
  );
  const [first, second] = windows;
  return first !== undefined && second !== undefined && areNeighbours(first, second);
}

async function bothAs(
  ledger: Ledger,
  pair: Two<BookingAsked>,
  numbers: readonly string[],
): Promise<Outcome<Two<AppointmentView>>> {
  const [first, second] = await Promise.all(
    pair.map(({ context }, place) => readAppointment(ledger, context.personKey, numbers[place] ?? '')),
  );
  if (!first || !second) throw new Error('an appointment that was acknowledged is in the ledger');
  return accepted([first, second]);
}
