/**
 * Booking for many at once (the opening bell): the wishes that reach a process while its lanes are busy are decided
 * and written together, in one transaction, and each is answered by itself. Why: docs/decisions/0014-bookings-in-batches.md.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseError, type PoolClient } from 'pg';

import type { Instant } from '../domain/civil-time/plain-date';
import { refused, type Outcome } from '../domain/refusal/refusals';
import { alternativesFor } from './booking-alternatives';
import { decideBooking, type BookingAsked, type Verdict } from './booking-decision';
import { readBatchFacts, type WishedByPerson } from './booking-facts';
import { HeldFacts } from './booking-held-facts';
import { readAppointment, type AppointmentView } from './booking-views';
import {
  bookedView,
  isLost,
  takePlaces,
  UnknownOutcome,
  waitForHolders,
  type PlaceToTake,
} from './booking-writing';
import type { Ledger } from './database';
import { activeTraceParent } from './trace-parent';

/** An acceptance with the appointment as it now stands. */
export interface BookedAppointment {
  readonly appointmentNumber: string;
  readonly appointment: AppointmentView;
}

type Answer = Outcome<BookedAppointment>;

const largestBatch = 200;
/** Deadlocks, changed facts and broken connections: so often a batch is tried before its wishes fail. */
const attempts = 8;
const retryWithinMs = 50;
const deadlocks = new Set(['40P01', '40001']);
/** Want of disk, memory or a writable server is nobody's own fault: asking for each alone would only add to it. */
const nobodysFault = /^(25|53|54|55|58|XX)/;

/** A wish that waits for its answer. */
class Waiting {
  decidedAnew = 0;
  isAnswered = false;

  constructor(
    readonly asked: BookingAsked,
    private readonly resolve: (answer: Answer | Promise<Answer>) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  answer(answer: Answer | Promise<Answer>): void {
    this.isAnswered = true;
    this.resolve(answer);
  }

  fail(error: unknown): void {
    this.isAnswered = true;
    this.reject(error);
  }
}

/** What the batches of this process have done since it began, for the metrics. */
export interface BatchCounts {
  /** Wishes that wait for a lane. */
  readonly waiting: number;
  readonly batches: number;
  readonly wishes: number;
  /** Wishes tried again: after a deadlock, a broken connection, or because their person's facts had changed. */
  readonly repeated: number;
}

/** Gathers the wishes of one process. */
class BookingBatches {
  #waiting: Waiting[] = [];
  #lanesFree: number;
  #starting = false;
  readonly #held: HeldFacts;
  readonly #counts = { batches: 0, wishes: 0, repeated: 0 };

  constructor(private readonly ledger: Ledger) {
    this.#lanesFree = ledger.batchPool.options.max;
    this.#held = new HeldFacts(ledger);
  }

  get counts(): BatchCounts {
    return { ...this.#counts, waiting: this.#waiting.length };
  }

  book(asked: BookingAsked): Promise<Answer> {
    return new Promise<Answer>((answer, fail) => {
      this.#waiting.push(new Waiting(asked, answer, fail));
      this.#startSoon();
    });
  }

  /** After what the network has brought at this instant was read: wishes that came together go together. */
  #startSoon(): void {
    if (this.#starting || this.#lanesFree === 0 || this.#waiting.length === 0) return;
    this.#starting = true;
    setImmediate(() => {
      this.#starting = false;
      this.#lanesFree -= 1;
      void this.#answerAll(this.#nextBatch(), 1, false).finally(() => {
        this.#lanesFree += 1;
        this.#startSoon();
      });
      this.#startSoon();
    });
  }

  /** The longest waiting, each of another person: the second wish of one person depends on the first. */
  #nextBatch(): readonly Waiting[] {
    const people = new Set<string>();
    const batch: Waiting[] = [];
    const later: Waiting[] = [];
    let next = 0;
    for (; next < this.#waiting.length && batch.length < largestBatch; next += 1) {
      const one = this.#waiting[next];
      if (!one) break;
      (people.has(one.asked.context.personKey) ? later : batch).push(one);
      people.add(one.asked.context.personKey);
    }
    this.#waiting = [...later, ...this.#waiting.slice(next)];
    this.#counts.batches += 1;
    this.#counts.wishes += batch.length;
    return batch;
  }

  /** Answers or fails every wish, or puts it back to wait; never rejects. `mayBeDone`: an outcome is unknown. */
  async #answerAll(batch: readonly Waiting[], attempt: number, mayBeDone: boolean): Promise<void> {
    let client: PoolClient;
    try {
      client = await this.ledger.batchPool.connect();
    } catch (error) {
      // Only who may be booked already is worth waiting for; the others ask again when the ledger is back.
      if (mayBeDone && attempt < attempts) return this.#tryAgain(batch, attempt, true);
      return failAll(batch, error);
    }
    try {
      if (mayBeDone) await waitForHolders(client, batch.map(wished));
      this.#decideAnew(await this.#answerOnce(client, batch));
      client.release();
    } catch (error) {
      client.release(isLost(error));
      await this.#recover(
        batch.filter(({ isAnswered }) => !isAnswered),
        attempt,
        mayBeDone,
        error,
      );
    }
  }

  async #recover(
    batch: readonly Waiting[],
    attempt: number,
    mayBeDone: boolean,
    error: unknown,
  ): Promise<void> {
    const unknown = mayBeDone || error instanceof UnknownOutcome;
    const state = error instanceof DatabaseError ? (error.code ?? '') : '';
    if (attempt < attempts && (isLost(error) || deadlocks.has(state))) {
      return this.#tryAgain(batch, attempt, unknown);
    }
    if (batch.length === 1 || isLost(error) || nobodysFault.test(state)) return failAll(batch, error);
    // One of them cannot be written: by halves, until it fails alone.
    const middle = Math.ceil(batch.length / 2);
    await this.#answerAll(batch.slice(0, middle), 1, unknown);
    await this.#answerAll(batch.slice(middle), 1, unknown);
  }

  async #tryAgain(batch: readonly Waiting[], attempt: number, mayBeDone: boolean): Promise<void> {
    this.#counts.repeated += batch.length;
    await pause(Math.random() * retryWithinMs * attempt);
    return this.#answerAll(batch, attempt + 1, mayBeDone);
  }

  /** Somebody else changed the facts of these people between decision and writing: they go first in the next batch. */
  #decideAnew(changed: readonly Waiting[]): void {
    this.#counts.repeated += changed.length;
    const [often, again] = [
      changed.filter(({ decidedAnew }) => decidedAnew >= attempts),
      changed.filter(({ decidedAnew }) => decidedAnew < attempts),
    ];
    failAll(often, new Error('the facts of a booking changed under every attempt'));
    for (const waiting of again) waiting.decidedAnew += 1;
    this.#waiting.unshift(...again);
  }

  /** Answers the wishes that can be answered; those whose facts changed meanwhile are left, to be decided anew. */
  async #answerOnce(client: PoolClient, batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const { now, slots, wishes } = await readBatchFacts(client, batch.map(wished));
    const { rounds, sites } = await this.#held.of(client, [...slots.values()]);
    const toTake: { readonly waiting: Waiting; readonly place: PlaceToTake }[] = [];
    for (const [index, waiting] of batch.entries()) {
      const facts = wishes[index];
      if (!facts) throw new Error('each wish has a row of facts');
      const slot = slots.get(waiting.asked.slotId);
      const round = slot && rounds.get(slot.round_id);
      const verdict = decideBooking(waiting.asked, facts, slot, round, now);
      if (verdict.verdict === 'take') toTake.push({ waiting, place: verdict.place });
      else waiting.answer(this.#answerTo(waiting.asked, verdict));
    }
    if (toTake.length === 0) return [];
    const places = toTake.map(({ place }) => place);
    const answers = await takePlaces(client, this.ledger.keys, places);
    return toTake.flatMap(({ waiting, place }, index) => {
      const answer = answers[index];
      if (!answer) throw new Error('each place asked for is answered');
      switch (answer.answer) {
        case 'changed':
          return [waiting];
        case 'full':
          waiting.answer(this.#full(waiting.asked, place.right.earliestAt));
          return [];
        case 'booked': {
          const site = sites.get(place.slot.site_id);
          if (!site) throw new Error('each window has its site');
          const appointment = bookedView(place, site, answer);
          const { appointmentNumber } = answer;
          waiting.answer({ ok: true, value: { appointmentNumber, appointment } });
          return [];
        }
      }
    });
  }

  /** The answer to a wish for which nothing is written. */
  async #answerTo(asked: BookingAsked, verdict: Exclude<Verdict, { verdict: 'take' }>): Promise<Answer> {
    switch (verdict.verdict) {
      case 'refused':
        return refused(verdict.refusal);
      case 'full':
        return this.#full(asked, verdict.from);
      case 'doneBefore': {
        const { appointmentNumber } = verdict;
        const appointment = await readAppointment(this.ledger, asked.context.personKey, appointmentNumber);
        if (!appointment) throw new Error('an appointment that was acknowledged is in the ledger');
        return { ok: true, value: { appointmentNumber, appointment } };
      }
    }
  }

  async #full({ slotId }: BookingAsked, from: Instant | null): Promise<Answer> {
    return refused({ code: 'slotFull', alternatives: await alternativesFor(this.ledger, slotId, from) });
  }
}

const wished = ({ asked: { context, slotId } }: Waiting): WishedByPerson => ({
  personKey: context.personKey,
  slotId,
  idempotencyKey: context.idempotency?.key ?? null,
  sessionId: context.sessionId ?? null,
});

function failAll(batch: readonly Waiting[], error: unknown): void {
  const reason = error instanceof UnknownOutcome ? error.cause : error;
  for (const waiting of batch) waiting.fail(reason);
}

const batchesOf = new WeakMap<Ledger, BookingBatches>();

function batches(ledger: Ledger): BookingBatches {
  const own = batchesOf.get(ledger) ?? new BookingBatches(ledger);
  batchesOf.set(ledger, own);
  return own;
}

/** Books a place together with whoever else asks at this moment; see `book` for what it refuses. */
export function bookTogether(
  ledger: Ledger,
  wish: Omit<BookingAsked, 'contactId' | 'traceParent'>,
): Promise<Answer> {
  return batches(ledger).book({ ...wish, contactId: randomUUID(), traceParent: activeTraceParent() });
}

/** What the batches of this process have done, for its metrics. */
export function bookingBatchCounts(ledger: Ledger): BatchCounts {
  return batches(ledger).counts;
}
