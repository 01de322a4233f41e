/**
 * The door before signing in: open to everybody while few come, with a fair line when more come than can be served.
 * Why it works like this: docs/decisions/0015-a-fair-waiting-room.md.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Gauge } from 'prom-client';

import type { PersonNumber } from '../../domain/person-number/person-number';
import { blindIndex } from '../../ledger/encryption';
import { readNumberIndexes } from '../../ledger/person';
import { endPlace, findPlace } from '../../ledger/waiting-room';
import { errorFacts } from '../logging';
import { RefusedRequest } from '../problems';
import { LineWatch, type Standing } from '../waiting-room/line-watch';
import { doorPasses, returnLifeMs, ticketLifeMs, type DoorPass, type Ticket } from '../waiting-room/ticket';

/** How somebody stands before the door. */
export type Entry =
  /** They may come in. */
  | { readonly may: true }
  /** They have a place and their turn has not come, or none yet. */
  | { readonly may: false; readonly ticket: Ticket | undefined };

export interface WaitingRoomDoor {
  /** Is there a line at all? */
  readonly isShut: boolean;
  /** May they come in now? `counted`: they come to the door; what follows inside is not counted again. */
  entry(request: FastifyRequest, counted?: 'counted'): Entry;
  /**
   * Gives the place in line of whoever has this number, the same as before if there was one, and lets the browser keep
   * it. Whoever asks has shown that a person is there; the number shows nothing yet.
   */
  draw(reply: FastifyReply, personNumber: PersonNumber): Promise<Ticket>;
  standing(ticket: Ticket): Standing;
  /** The refusal of somebody who has to wait, with how long. */
  refusal(ticket: Ticket): RefusedRequest;
  /**
   * A person was confirmed and comes in, if it is the turn of their own place: by whatever place the browser came to the
   * door, it lets in nobody else. Throws the refusal otherwise, with the place that they have or get now.
   */
  comeIn(request: FastifyRequest, reply: FastifyReply, personKey: string): Promise<void>;
  /** Looks at the line now, as happens once a second. */
  look(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly waitingRoom: WaitingRoomDoor;
  }
}

export interface WaitingRoomOptions {
  /** 32 bytes, the same for all processes. */
  readonly key: Buffer;
  /** True when citizens come by https. */
  readonly secure: boolean;
  /** People let in each second, at all processes together; 0: everybody comes in, always. */
  readonly perSecond: number;
  /** So many minutes before an opening nobody is let in from the line. */
  readonly holdMinutes: number;
  /** How often the line is looked at; 0 only when asked to, for tests. */
  readonly lookEveryMs?: number;
}

export const waitingRoomPlugin = fp<WaitingRoomOptions>(
  async (app, { key, secure, perSecond, holdMinutes, lookEveryMs = 1_000 }) => {
    const passes = doorPasses(key);
    const cookieName = secure ? '__Host-yiyue-place' : 'yiyue-place';
    const line = new LineWatch({
      ledger: app.ledger,
      rules: { perSecond, holdMs: holdMinutes * 60_000 },
      strained: () => app.isStrained(),
      lateMs: () => app.eventLoopDelayMs(),
      bells: async () =>
        (await app.rounds()).flatMap(({ registrationOpensAt, bookingWindows }) => [
          ...(registrationOpensAt === null ? [] : [registrationOpensAt]),
          ...bookingWindows.map(({ opensAt }) => opensAt),
        ]),
    });
    const passOf = (request: FastifyRequest): DoorPass | undefined =>
      passes.open(request.cookies[cookieName]);
    const keep = (reply: FastifyReply, pass: DoorPass, lifeMs: number): void => {
      const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: lifeMs / 1_000 } as const;
      void reply.setCookie(cookieName, passes.seal(pass), cookie);
    };
    const give = async (reply: FastifyReply, placeTag: Buffer): Promise<Ticket> => {
      const ticket = await line.draw(placeTag);
      keep(reply, ticket, ticketLifeMs);
      return ticket;
    };
    const drop = (reply: FastifyReply): void =>
      void reply.clearCookie(cookieName, { path: '/', httpOnly: true, sameSite: 'lax', secure });

    const door: WaitingRoomDoor = {
      get isShut() {
        return line.isShut;
      },
      entry(request, counted) {
        if (perSecond === 0) return { may: true };
        if (counted && !request.citizen) line.arrived();
        if (!line.isShut || request.citizen) return { may: true };
        const pass = passOf(request);
        if (pass?.kind === 'return') return { may: true };
        return pass && line.isAdmitted(pass) ? { may: true } : { may: false, ticket: pass };
      },
      draw: (reply, personNumber) =>
        give(reply, passes.placeTagOf(blindIndex(app.ledger.keys, personNumber))),
      standing: (ticket) => (line.isShut ? line.standing(ticket) : { state: 'admitted' }),
      refusal(ticket) {
        const standing = line.standing(ticket);
        if (standing.state === 'admitted') return turnedAway({ ahead: 0, retryAfterSeconds: 1 });
        const { ahead, askAgainSeconds, fromSeconds, toSeconds } = standing;
        return turnedAway({
          ahead,
          retryAfterSeconds: askAgainSeconds,
          waitSecondsFrom: fromSeconds,
          ...(toSeconds !== null && { waitSecondsTo: toSeconds }),
        });
      },
      async comeIn(request, reply, personKey) {
        const pass = passOf(request);
        if (pass) drop(reply);
        if (!line.isShut || request.citizen?.personKey === personKey) return;
        if (pass?.kind === 'return' && pass.personTag === passes.tagOf(personKey)) return;
        const { db } = app.ledger;
        const tags = (await readNumberIndexes(db, personKey)).map(passes.placeTagOf);
        const place = await findPlace(db, tags);
        // Not spent at once: a form sent twice, or a session that a crash lost, must not cost the place.
        if (place && line.isAdmitted(place)) return endPlace(db, place.personTag, returnLifeMs);
        const tag = place?.personTag ?? tags[0];
        if (!tag) throw new Error('a person without a number signed in');
        throw door.refusal(await give(reply, tag));
      },
      look: () => line.look(),
    };
    app.decorate('waitingRoom', door);
    if (perSecond === 0) return;

    // Whoever was inside and ran out of time comes back as themselves without waiting again.
    app.addHook('onRequest', async (request, reply) => {
      const personKey = request.personOfLapsedSession;
      if (personKey === null) return;
      const expiresAt = Math.floor(((request.session.get('lastActAt') ?? 0) + returnLifeMs) / 1_000);
      keep(reply, { kind: 'return', personTag: passes.tagOf(personKey), expiresAt }, returnLifeMs);
    });

    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({ name, help, registers: [app.metrics], collect: gaugeOf(read) });
    gauge('yiyue_waiting_room_shut', '1 while people wait for their turn before signing in', () =>
      Number(line.isShut),
    );
    gauge('yiyue_waiting_room_people', 'People in line', () => line.waiting);
    gauge('yiyue_waiting_room_admitted', 'People let in from the line, all in all', () => line.admitted);
    gauge('yiyue_waiting_room_arrivals_per_second', 'People who come to the door, at all processes', () =>
      Math.round(line.arrivalsPerSecond),
    );

    if (lookEveryMs > 0) {
      const watching = watch(
        () => line.look(),
        lookEveryMs,
        (error) => app.log.warn(errorFacts(error), 'the line was not looked at'),
      );
      app.addHook('onReady', async () => watching.start());
      app.addHook('onClose', () => watching.stop());
    }
  },
  { name: 'waiting-room', dependencies: ['ledger', 'session', 'metrics', 'pressure'] },
);

function gaugeOf(read: () => number) {
  return function collect(this: Gauge): void {
    this.set(read());
  };
}

function turnedAway(told: {
  readonly ahead: number;
  readonly retryAfterSeconds: number;
  readonly waitSecondsFrom?: number;
  readonly waitSecondsTo?: number;
}): RefusedRequest {
  return new RefusedRequest({ code: 'waitingRoom', ...told });
}

/** Does something over and over with a pause between; one that failed is told of and the next is tried. */
function watch(look: () => Promise<void>, everyMs: number, failed: (error: unknown) => void) {
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let stopped = false;
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      looking = look().catch(failed).finally(next);
    }, everyMs);
    timer.unref();
  };
  return {
    start: next,
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
