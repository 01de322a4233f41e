/** Turns people away early and clearly when the process cannot keep up, instead of letting all of them wait. */
import underPressure from '@fastify/under-pressure';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { bookingBatchCounts } from '../../ledger/booking-batch';
import { RefusedRequest } from '../problems';

declare module 'fastify' {
  interface FastifyInstance {
    /** Has the process half as much to do as makes it turn people away? Then nobody else is let in from the line. */
    isStrained(): boolean;
    /** How late the event loop is, milliseconds; 0 where nobody is turned away for it. */
    eventLoopDelayMs(): number;
    /** Requests turned away for load since the process began; people told to wait in line are not among them. */
    turnedAwayForLoad(): number;
  }
}

export interface PressureOptions {
  /** The event loop may be this late, milliseconds; 0 turns nobody away for it. */
  readonly maxEventLoopDelayMs: number;
  /** So many statements may wait for a connection to the ledger; 0 turns nobody away for it. */
  readonly maxLedgerQueue: number;
  /** So many bookings may wait for a batch; 0 turns nobody away for it. */
  readonly maxBookingQueue: number;
}

const retryAfterSeconds = 5;
/** The line stops before anybody who is inside is refused. */
const strainedAt = 0.5;
/** The desks and operations must get through, most of all then. */
const neverRefused = /^\/v1\/(?:staff|station)\//;

export const pressurePlugin = fp<PressureOptions>(
  async (app, { maxEventLoopDelayMs, maxLedgerQueue, maxBookingQueue }) => {
    const queues = {
      ledger: () => app.ledger.pool.waitingCount,
      booking: () => bookingBatchCounts(app.ledger).waiting,
    };
    let turnedAway = 0;
    app.decorate('turnedAwayForLoad', () => turnedAway);
    const tooMuch = (): RefusedRequest => {
      turnedAway += 1;
      return new RefusedRequest({ code: 'overloaded', retryAfterSeconds });
    };
    const isOver = (length: () => number, most: number): boolean => most > 0 && length() > most;
    const lateMs = (): number => (maxEventLoopDelayMs > 0 ? app.memoryUsage().eventLoopDelay : 0);
    app.decorate('eventLoopDelayMs', lateMs);
    app.decorate(
      'isStrained',
      () =>
        (maxEventLoopDelayMs > 0 && lateMs() > maxEventLoopDelayMs * strainedAt) ||
        isOver(queues.ledger, maxLedgerQueue * strainedAt) ||
        isOver(queues.booking, maxBookingQueue * strainedAt),
    );

    // A read waits for a connection, a booking for its batch: each is refused by the queue that it would stand in.
    app.addHook('onRequest', (request, _reply, done) => {
      const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
      if (isOver(queues.ledger, maxLedgerQueue) || (isWrite && isOver(queues.booking, maxBookingQueue))) {
        if (mayBeRefused(request)) return done(tooMuch());
      }
      return done();
    });
    if (maxEventLoopDelayMs === 0) return;
    await app.register(underPressure, {
      maxEventLoopDelay: maxEventLoopDelayMs,
      sampleInterval: 250,
      pressureHandler: (request) => {
        if (mayBeRefused(request)) throw tooMuch();
      },
    });
  },
  { name: 'pressure', dependencies: ['ledger'] },
);

/** Operations must see a process that is overloaded, and an orchestrator must not kill it for that. */
function mayBeRefused(request: FastifyRequest): boolean {
  const { config, url } = request.routeOptions;
  return config?.session !== false && !neverRefused.test(url ?? '');
}
