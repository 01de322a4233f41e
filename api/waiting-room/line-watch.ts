/** One process's view of the line: looked at once a second, moved on by the process that leads, asked from memory. */
import { randomBytes, randomUUID } from 'node:crypto';

import type { Instant } from '../../domain/civil-time/plain-date';
import { isHeld, nextDoor, type DoorRules } from '../../domain/waiting-room/door';
import {
  askAgainAfter,
  estimateWait,
  type LinePace,
  type WaitEstimate,
} from '../../domain/waiting-room/estimate';
import { drawnOrder, placeOf, type DrawnOrder } from '../../domain/waiting-room/line';
import type { Ledger } from '../../ledger/database';
import { gathered } from '../../ledger/gathering';
import {
  moveWaitingRoom,
  readWaitingRoom,
  reportAtDoor,
  takePlaces,
  type DoorDecision,
  type PlaceInLine,
  type WaitingRoom,
} from '../../ledger/waiting-room';
import { ticketLifeMs, type Ticket } from './ticket';

export interface LineWatchOptions {
  readonly ledger: Ledger;
  readonly rules: DoorRules;
  /** Can this process not keep up with those who are inside? */
  readonly strained: () => boolean;
  /** How late this process is with everything, milliseconds. */
  readonly lateMs: () => number;
  /** All openings, past ones too. */
  readonly bells: () => Promise<readonly Instant[]>;
}

/** How somebody stands, as it is told. */
export type Standing =
  | { readonly state: 'admitted' }
  | ({
      readonly state: 'waiting';
      /** People before them; before a draw, who came before them. */
      readonly ahead: number;
      readonly askAgainSeconds: number;
      /** Of the way since they came, or since the draw: 0 to 1. */
      readonly progress: number;
      /** When places are drawn; null when no draw comes before their turn. */
      readonly drawnAt: Instant | null;
    } & WaitEstimate);

/**
 * How often all who wait may ask a process: a fifth of its time at most on a usual machine. One that is late with
 * everything asks for less until it is not, so that the line never costs those inside their time.
 */
const mostAsksPerSecond = 1_000;
const fewestAsksPerSecond = 50;
const lateFromMs = 100;
const paceWindowMs = 120_000;
const justNowMs = 20_000;
/** How long this process shuts its own door before the leading one has to have heard of it. */
const shutHereMs = 3_000;
const mostNumbersAtOnce = 2_000;

interface Step {
  readonly at: number;
  readonly ms: number;
  readonly admitted: number;
}

export class LineWatch {
  readonly #options: LineWatchOptions;
  readonly #processId = randomUUID();
  #room: WaitingRoom | undefined;
  #orders: readonly DrawnOrder[] = [];
  #bells: readonly Instant[] = [];
  #steps: Step[] = [];
  #lookedAt = performance.now();
  #arrivals = 0;
  #asksPerSecond = mostAsksPerSecond;
  #shutHereUntil = 0;
  /** For a person's tag; while one block is on its way the next is gathered. */
  readonly #takePlace: (personTag: Buffer) => Promise<PlaceInLine>;

  constructor(options: LineWatchOptions) {
    this.#options = options;
    this.#takePlace = gathered(
      (personTags) => takePlaces(options.ledger.db, personTags, ticketLifeMs),
      mostNumbersAtOnce,
    );
  }

  /** Do people have to wait for their turn? */
  get isShut(): boolean {
    return isShut(this.#room) || performance.now() < this.#shutHereUntil;
  }

  /** People in line, as last seen. */
  get waiting(): number {
    return this.#room ? this.#room.nextNumber - this.#room.admitted : 0;
  }

  /** Places below this one have been let in, all in all. */
  get admitted(): number {
    return this.#room?.admitted ?? 0;
  }

  get arrivalsPerSecond(): number {
    return this.#room?.arrivalsPerSecond ?? 0;
  }

  /** Somebody is at the door. More in a second than may come in shut it here at once; the others hear of it in time. */
  arrived(): void {
    this.#arrivals += 1;
    if (this.#arrivals > this.#options.rules.perSecond) this.#shutHereUntil = performance.now() + shutHereMs;
  }

  /** Gives the person of the tag the next number, or the one that they have. */
  async draw(personTag: Buffer): Promise<Ticket> {
    const { number, expiresAt } = await this.#takePlace(personTag);
    return {
      kind: 'ticket',
      number,
      aheadAtFirst: Math.max(0, number - this.admitted),
      expiresAt: Math.floor(expiresAt.getTime() / 1_000),
    };
  }

  isAdmitted({ number }: Pick<Ticket, 'number'>): boolean {
    return this.#room !== undefined && placeOf(number, this.#orders) < this.#room.admitted;
  }

  standing(ticket: Ticket): Standing {
    const room = this.#room;
    if (!room) return { ...this.#blind(ticket) };
    const place = placeOf(ticket.number, this.#orders);
    const ahead = place - room.admitted;
    if (ahead < 0) return { state: 'admitted' };
    const { rules } = this.#options;
    const waiting = Math.max(this.waiting, ahead + 1);
    const pace = this.#pace();
    const bell = this.#nextBell();
    const held = isHeld({ msToBell: bell?.inMs ?? null }, rules);
    const turnInMs = (ahead / (pace.justNow ?? pace.allowed)) * 1_000;
    const inDraw = bell !== undefined && (held || turnInMs > bell.inMs - rules.holdMs);
    const secondsToDraw = inDraw ? bell.inMs / 1_000 : null;
    const estimate = estimateWait(ahead, pace, { heldSeconds: secondsToDraw ?? 0, inDraw, waiting });
    return {
      state: 'waiting',
      ahead,
      ...estimate,
      askAgainSeconds: askAgainAfter({
        fromSeconds: estimate.fromSeconds,
        waiting,
        perSecond: pace.justNow ?? pace.allowed,
        asksPerSecond: this.#asksPerSecond * Math.max(1, room.processes),
        secondsToDraw,
        share: shareOf(ticket.number),
      }),
      progress: 1 - ahead / Math.max(1, ahead, this.#wayOf(ticket)),
      drawnAt: inDraw ? bell.at : null,
    };
  }

  /** Looks at the line and, where this process leads, moves it. Called once a second. */
  async look(): Promise<void> {
    const { ledger, rules, strained, lateMs } = this.#options;
    this.#asksPerSecond =
      lateMs() > lateFromMs
        ? Math.max(fewestAsksPerSecond, this.#asksPerSecond * 0.7)
        : Math.min(mostAsksPerSecond, this.#asksPerSecond * 1.1);
    const now = performance.now();
    const seconds = Math.max(0.2, (now - this.#lookedAt) / 1_000);
    this.#lookedAt = now;
    const arrivalsPerSecond = this.#arrivals / seconds;
    this.#arrivals = 0;
    const before = this.#room;
    const { leads } = await reportAtDoor(ledger.db, {
      processId: this.#processId,
      arrivalsPerSecond,
      strained: strained(),
    });
    // Bells matter only to those who wait: while everybody just comes in, nothing more is asked of the ledger.
    if (this.isShut) this.#bells = await this.#options.bells();
    const room = leads
      ? await moveWaitingRoom(ledger, this.#processId, (found) => decide(found, this.#bells, rules))
      : await readWaitingRoom(ledger.db);
    this.#note(before, room);
    this.#orders = room.draws.map((draw) => this.#orders.find(isDraw(draw)) ?? drawnOrder(draw));
    this.#room = room;
    if (room.shutAt !== null) this.#shutHereUntil = 0;
  }

  /** What can be said before the line was ever seen: nothing but to ask again. */
  #blind({ aheadAtFirst, number }: Ticket): Standing {
    return {
      state: 'waiting',
      ahead: aheadAtFirst,
      fromSeconds: 0,
      toSeconds: null,
      askAgainSeconds: 5 + Math.ceil(10 * shareOf(number)),
      progress: 0,
      drawnAt: null,
    };
  }

  /** How long the way was: from where the last draw put them, or from where they came. */
  #wayOf({ number, aheadAtFirst }: Ticket): number {
    let place = number;
    let way = aheadAtFirst;
    for (const draw of this.#orders) {
      if (place < draw.first || place >= draw.end) continue;
      place = placeOf(place, [draw]);
      way = place - draw.first;
    }
    return way;
  }

  #nextBell(): { readonly at: Instant; readonly inMs: number } | undefined {
    if (!this.#room) return undefined;
    const now = Date.parse(this.#room.ledgerNow) + (performance.now() - this.#lookedAt);
    const next = comingBell(this.#bells, now);
    return next === undefined ? undefined : { at: next, inMs: Math.max(0, Date.parse(next) - now) };
  }

  /** Keeps how far the line went while it was a line; waiting for a bell and an empty line say nothing of its pace. */
  #note(before: WaitingRoom | undefined, room: WaitingRoom): void {
    if (room.shutAt === null || room.shutAt !== before?.shutAt) this.#steps = [];
    else if (
      room.admitted < room.nextNumber &&
      !isHeld({ msToBell: msToBell(this.#bells, room) }, this.#options.rules)
    ) {
      this.#steps.push({
        at: room.now,
        ms: room.now - before.now,
        admitted: room.admitted - before.admitted,
      });
    }
    this.#steps = this.#steps.filter(({ at }) => room.now - at < paceWindowMs);
  }

  #pace(): LinePace {
    const now = this.#room?.now ?? 0;
    return {
      lately: rateOf(this.#steps),
      justNow: rateOf(this.#steps.filter(({ at }) => now - at < justNowMs)),
      allowed: this.#options.rules.perSecond,
    };
  }
}

function isShut(room: WaitingRoom | undefined): boolean {
  return room !== undefined && room.shutAt !== null;
}

/** What the leading process does about the line now. */
function decide(room: WaitingRoom, bells: readonly Instant[], rules: DoorRules): DoorDecision {
  const rung = bells
    .filter(
      (at) => Date.parse(at) > Date.parse(room.rungThrough) && Date.parse(at) <= Date.parse(room.ledgerNow),
    )
    .toSorted((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1);
  const door = nextDoor(room, { ...room, msToBell: msToBell(bells, room) }, rules);
  if (rung === undefined || room.shutAt === null) return { door };
  // The draw comes first: whoever is let in from now on is let in by its order.
  return {
    door: { ...door, admitted: room.admitted, movedAt: room.now },
    bell: { at: rung, seed: newSeed() },
  };
}

function newSeed(): readonly number[] {
  return [...new Int32Array(randomBytes(16).buffer.slice(0, 16))];
}

function msToBell(bells: readonly Instant[], { ledgerNow }: WaitingRoom): number | null {
  const now = Date.parse(ledgerNow);
  const next = comingBell(bells, now);
  return next === undefined ? null : Date.parse(next) - now;
}

function comingBell(bells: readonly Instant[], now: number): Instant | undefined {
  return bells.filter((at) => Date.parse(at) > now).toSorted((a, b) => Date.parse(a) - Date.parse(b))[0];
}

const isDraw =
  ({ bellAt, first }: { readonly bellAt: Instant; readonly first: number }) =>
  (other: DrawnOrder): boolean =>
    other.bellAt === bellAt && other.first === first;

/** People a second; null before two seconds were seen. */
function rateOf(steps: readonly Step[]): number | null {
  const ms = steps.reduce((sum, step) => sum + step.ms, 0);
  return ms < 2_000 ? null : (steps.reduce((sum, step) => sum + step.admitted, 0) / ms) * 1_000;
}

/** Spreads people evenly over a span, neighbours far apart (golden ratio). */
function shareOf(number: number): number {
  return (number * 0.618_033_988_749_895) % 1;
}
