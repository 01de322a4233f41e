/**
 * The stepping clock's driver for demonstration and tests: jumps to the earliest due instant, sees that all to whom
 * something fell due learn of it, and waits until everything has come to rest. No step is skipped, only the waiting
 * between them. The engine's own timers stay on real time; sessions, challenges and limits too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError, ScheduleNotFoundError } from '@temporalio/client';

import type { Settings } from '../config/settings';
import { addMs, type Instant } from '../domain/civil-time/plain-date';
import { clockOffsetMs, ledgerNow, stepClockTo } from '../ledger/clock';
import { pokeOverdue } from '../ledger/citizen-outbox';
import { pokeOverdueCases } from '../ledger/card-account-case';
import { pokeOverduePlaces } from '../ledger/freed-place';
import type { Ledger } from '../ledger/database';
import { nextDueInstant, readRoundCalendars, readUnrest } from '../ledger/round-calendar';
import { roundOutlook, roundWorkflowId } from '../workflows/round/messages';
import { triggerReconciliation } from './reconciliation-schedule';
import type { TemporalClient } from './temporal-client';
import { ensureRound, tellClockStepped } from './workflow-starts';

export interface SteppingClockParts {
  readonly mode: Settings['YIYUE_MODE'];
  readonly ledger: Ledger;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  /** False where no sender runs, and texts stay queued. */
  readonly awaitTexts?: boolean;
  /** After this long without rest something is broken. */
  readonly restWithinMs?: number;
}

/** The engine's clock may be a little behind the ledger's. */
const marginMs = 1_000;
const lookEveryMs = 50;
const pokeAgainMs = 15_000;
/** Between two looks nothing may have moved, since one act may set off the next. */
const quietLooks = 2;

export class SteppingClock {
  constructor(private readonly parts: SteppingClockParts) {
    if (parts.mode === 'production') throw new Error('The stepping clock does not exist in production.');
  }

  /** Goes to the earliest due instant, at most to `notAfter`. Null when nothing falls due until then. */
  async stepToNextDue(notAfter?: Instant): Promise<Instant | null> {
    await this.untilRest();
    const due = await nextDueInstant(this.parts.ledger.db);
    if (due === null || (notAfter !== undefined && Date.parse(due) > Date.parse(notAfter))) return null;
    await this.#jump(due);
    return due;
  }

  /** Goes to `instant`, stopping at everything that falls due on the way. Answers the instants at which it stopped. */
  async stepTo(instant: Instant): Promise<readonly Instant[]> {
    const stops: Instant[] = [];
    for (;;) {
      const stop = await this.stepToNextDue(instant);
      if (stop === null) break;
      stops.push(stop);
    }
    if (Date.parse(await ledgerNow(this.parts.ledger.db)) < Date.parse(instant)) await this.#jump(instant);
    return stops;
  }

  async #jump(instant: Instant): Promise<void> {
    const { ledger, temporal, taskQueue } = this.parts;
    await stepClockTo(ledger.db, addMs(instant, marginMs));
    const offset = await clockOffsetMs(ledger.db);
    for (const roundId of await this.#openRounds()) {
      await temporal.call((client) => tellClockStepped(client, taskQueue, roundId, offset));
    }
    await temporal.call(triggerReconciliation).catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
    await this.untilRest();
  }

  /** Waits until outbox, texts, and what is due to people and rounds are done. Throws when that takes too long. */
  async untilRest(): Promise<void> {
    await this.#ensureRounds();
    // Whoever stepped the clock, those to whom something fell due have to learn of it.
    await this.#poke();
    let pokedAt = Date.now();
    const deadline = pokedAt + (this.parts.restWithinMs ?? 60_000);
    for (let quiet = 0; quiet < quietLooks;) {
      const unrest = await this.#unrest().catch((error: unknown) => {
        // Parts may be killed and started again meanwhile; who stays away is told of at the deadline.
        if (!isOutage(error)) throw error;
        return 'Temporal or a worker does not answer';
      });
      quiet = unrest === '' ? quiet + 1 : 0;
      if (Date.now() > deadline) throw new Error(`The engine did not come to rest: ${unrest}.`);
      // What stays undone is poked again, as the reconciler does every few minutes.
      if (quiet === 0 && Date.now() - pokedAt > pokeAgainMs) {
        await this.#poke();
        pokedAt = Date.now();
      }
      await pause(lookEveryMs);
    }
  }

  async #poke(): Promise<void> {
    const { db } = this.parts.ledger;
    await pokeOverdue(db, { graceMs: 0 });
    await pokeOverduePlaces(db, { graceMs: 0 });
    await pokeOverdueCases(db, { graceMs: 0 });
  }

  /** What is still under way, in words; empty at rest. */
  async #unrest(): Promise<string> {
    const { ledger, awaitTexts = true } = this.parts;
    await this.#ensureRounds();
    const { unsent, due, places, applications, closures, texts } = await readUnrest(ledger.db);
    const rounds = unsent + due > 0 ? 0 : await this.#roundsUnderWay();
    return [
      unsent > 0 && `${String(unsent)} snapshots to carry`,
      due > 0 && `something is due to ${String(due)} people`,
      places > 0 && `something is due with ${String(places)} freed places`,
      applications > 0 && `something is due with ${String(applications)} applications for a card account`,
      closures > 0 && `${String(closures)} closures to carry out`,
      awaitTexts && texts > 0 && `${String(texts)} texts to send`,
      rounds > 0 && `${String(rounds)} rounds take a step`,
    ]
      .filter(Boolean)
      .join(', ');
  }

  /** A round that was just loaded may not have its workflow yet. */
  async #ensureRounds(): Promise<void> {
    const { temporal, taskQueue } = this.parts;
    for (const roundId of await this.#openRounds()) {
      await temporal.call((client) => ensureRound(client, taskQueue, roundId));
    }
  }

  async #openRounds(): Promise<readonly string[]> {
    const rounds = await readRoundCalendars(this.parts.ledger.db);
    return rounds.filter(({ closed }) => !closed).map(({ roundId }) => roundId);
  }

  async #roundsUnderWay(): Promise<number> {
    const { ledger, temporal } = this.parts;
    const now = Date.parse(await ledgerNow(ledger.db));
    let underWay = 0;
    for (const roundId of await this.#openRounds()) {
      const { next } = await temporal.call((client) =>
        client.workflow.getHandle(roundWorkflowId(roundId)).query(roundOutlook),
      );
      if (next !== null && Date.parse(next.at) <= now) underWay += 1;
    }
    return underWay;
  }
}

/** gRPC's codes for a server or worker that went away: cancelled (a call it had taken), deadline exceeded, unavailable. */
const outageCodes = new Set([1, 4, 14]);

function isOutage(error: unknown): boolean {
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  return isGrpcServiceError(cause) && outageCodes.has(Number(cause.code));
}
