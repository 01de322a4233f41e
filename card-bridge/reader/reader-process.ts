/** The card readers of this computer, kept at arm's length: a process that may get stuck, and the watch over it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BasicData } from '../../domain/card-proof/basic-data';
import { askForBasicData } from './card-conversation';
import { PcscChild, PcscLost, PcscRefusal, type EndReason, type PcscEvents } from './pcsc-child';
import { pcscCodes, problemOfPcscCode, type ReadProblem } from './pcsc-codes';
import type { PcscReaderFacts, UnableReason } from './pcsc-messages';
import { isVirtualReader, stateOf, type ReaderFacts, type ReaderStatus } from './reader-status';

export interface ReaderOptions {
  /** Test mode: readers of software, which any program on the computer may feed, are read too. Default: refused. */
  readonly allowVirtualReaders?: boolean;
  /** How long one exchange with a card may take before the reading process is ended. Default: 3 seconds. */
  readonly exchangeLimitMs?: number;
  /** Environment of the reading process. Default: ours. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Options of node for it. Default: ours. */
  readonly execArgv?: readonly string[];
}

/** What came of a wish to read a card. */
export type CardReading =
  | {
      readonly ok: true;
      readonly card: BasicData;
      /** Name of the reader. */
      readonly reader: string;
      /** Answer to reset, upper-case hexadecimal. */
      readonly atr: string;
      /** By this computer's clock, when the reading had ended. */
      readonly readAt: Date;
    }
  | { readonly ok: false; readonly problem: ReadProblem };

type Failure = Extract<CardReading, { ok: false }>;

/** An honest card answers within half a second, on a slow reader within one; see docs/decisions/0019. */
const exchangeLimitMs = 3_000;

/** A process starts and lists its readers in some 0.4 s; a busy computer takes longer. */
const startLimitMs = 10_000;

/** Waits before the reading process is tried again, the last one from then on: a missing service may come any day. */
const retryDelaysMs = [500, 1_000, 2_000, 5_000] as const;

/** How often a card is asked when another program holds it or resets it under our hands, and how long in between. */
const attempts = 4;
const otherIsDoneMs = 300;

/** The readers' poll for a card takes some 0.4 s, so by then a pulled card is known to be gone. */
const pulledWithinMs = 1_000;

/** Where the reading process stands. */
type Condition = 'starting' | 'listening' | UnableReason | 'stopped';

export class ReaderProcess {
  readonly #options: ReaderOptions;
  readonly #listeners = new Set<(status: ReaderStatus) => void>();
  /** Those of our own who wait for news, also for such as leaves the status as it was. */
  readonly #waiting = new Set<() => void>();
  #child: PcscChild | undefined;
  #condition: Condition = 'starting';
  /** The process that runs has not told anything yet. */
  #awaitingNews = false;
  #facts: readonly PcscReaderFacts[] = [];
  #failures = 0;
  #told = '';
  #retry: NodeJS.Timeout | undefined;
  #current:
    | { readonly reader: string | undefined; readonly beganAt: Date; readonly reading: Promise<CardReading> }
    | undefined;

  constructor(options: ReaderOptions = {}) {
    this.#options = options;
    this.#start();
  }

  /** What is known now; nothing is asked of a card for it. */
  status(): ReaderStatus {
    const readers = this.#facts.map(factsOf);
    switch (this.#condition) {
      case 'noBinding':
      case 'noDaemon':
      case 'noReader':
        return { state: this.#condition, readers: [] };
      case 'starting':
      case 'stopped':
        return { state: 'restarting', readers: [] };
      case 'listening': {
        const state = this.#current ? 'busy' : stateOf(readers.filter(this.#mayBeRead));
        return { state, readers };
      }
    }
  }

  /** Calls `listener` with every change; the returned function ends that. */
  onChange(listener: (status: ReaderStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Reads the card in `reader`, or in whichever has one. Nothing is kept from one reading to the next. Only a reading
   * that began at `after` or later is handed on: one that is already under way serves whoever asked before it began.
   * Never rejects: what went wrong is a problem with a name.
   */
  async readCard({ after, reader }: { after: Date; reader?: string }): Promise<CardReading> {
    while (this.#current) {
      const { reader: from, beganAt, reading } = this.#current;
      const result = await reading;
      if (from === reader && beganAt >= after) return result;
    }
    const reading = this.#readNow(reader).finally(() => {
      this.#current = undefined;
      this.#tell();
    });
    this.#current = { reader, beganAt: new Date(), reading };
    this.#tell();
    return reading;
  }

  /** Ends the reading process; a reading under way ends as `readerStuck`. */
  async stop(): Promise<void> {
    this.#condition = 'stopped';
    this.#awaitingNews = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    await this.#child?.close();
    this.#tell();
  }

  readonly #mayBeRead = ({ virtual }: ReaderFacts): boolean =>
    !virtual || this.#options.allowVirtualReaders === true;

  async #readNow(wanted: string | undefined): Promise<CardReading> {
    await this.#settled();
    if (this.#condition === 'starting' || this.#condition === 'stopped') return failure('readerStuck');
    if (this.#condition !== 'listening') return failure(this.#condition);
    const named = this.#facts.map(factsOf).filter(({ name }) => wanted === undefined || name === wanted);
    const allowed = named.filter(this.#mayBeRead);
    const filled = allowed.filter(({ cardPresent }) => cardPresent);
    const refused = named.filter((one) => !this.#mayBeRead(one));
    if (filled.length === 0) {
      if (refused.some(({ cardPresent }) => cardPresent || allowed.length === 0))
        return failure('virtualReader');
      return failure(allowed.length === 0 ? 'noReader' : 'noCard');
    }
    return this.#readFirst(filled);
  }

  /** Several readers may hold cards, an employer's among them: the first NHI card counts, else the first problem. */
  async #readFirst(readers: readonly ReaderFacts[]): Promise<CardReading> {
    let told: Failure | undefined;
    for (const { name, atr } of readers) {
      const reading = await this.#readFrom(name, atr ?? '');
      if (reading.ok) return reading;
      if (!told || told.problem === 'otherCard') told = reading;
    }
    return told ?? failure('noCard');
  }

  async #readFrom(reader: string, atr: string): Promise<CardReading> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      try {
        const answer = await this.#converse(reader);
        return answer.ok ? { ...answer, reader, atr, readAt: new Date() } : answer;
      } catch (error) {
        if (error instanceof PcscLost) return failure(this.#problemOfLoss());
        if (!(error instanceof PcscRefusal)) throw error;
        if (!isOfOthers(error)) return failure(await this.#problemOf(error.code, reader));
        if (error.code === pcscCodes.heldByOther) await pause(otherIsDoneMs);
      }
    }
    return failure('readerBusy');
  }

  async #converse(reader: string): ReturnType<typeof askForBasicData> {
    const child = this.#child;
    if (!child) throw new PcscLost();
    await child.ask({ act: 'connect', reader });
    try {
      return await askForBasicData((command) =>
        child.ask({ act: 'transmit', reader, command: Buffer.from(command).toString('hex') }),
      );
    } finally {
      // A card that is gone cannot be given back properly, and the process gives up its handle all the same.
      await child.ask({ act: 'disconnect', reader }).catch(() => undefined);
    }
  }

  #problemOfLoss(): ReadProblem {
    return this.#condition === 'noDaemon' || this.#condition === 'noReader' ? this.#condition : 'readerStuck';
  }

  async #problemOf(code: number, reader: string): Promise<ReadProblem> {
    const broken = code === pcscCodes.notTransacted || code === pcscCodes.commandLost;
    if (!broken) return problemOfPcscCode(code);
    return (await this.#becameEmpty(reader)) ? 'cardPulled' : 'cardUnreadable';
  }

  /** Whether the reader has no card now, or within the time in which readers notice. */
  #becameEmpty(reader: string): Promise<boolean> {
    const isEmpty = (): boolean =>
      !this.#facts.some(({ name, cardPresent }) => name === reader && cardPresent);
    return this.#until(isEmpty, pulledWithinMs);
  }

  /** Waits for a process that is starting; one that waits to be tried again is tried at once. */
  async #settled(): Promise<void> {
    if (this.#retry && this.#condition !== 'stopped') this.#start();
    await this.#until(() => !this.#awaitingNews, startLimitMs);
  }

  #until(holds: () => boolean, withinMs: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(limit);
        this.#waiting.delete(look);
        resolve(holds());
      };
      const look = (): void => {
        if (holds()) end();
      };
      const limit = setTimeout(end, withinMs);
      this.#waiting.add(look);
    });
  }

  #start(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#awaitingNews = true;
    const events: PcscEvents = {
      readers: (readers) => {
        this.#condition = 'listening';
        this.#awaitingNews = false;
        this.#failures = 0;
        this.#facts = readers;
        this.#tell();
      },
      ended: (reason) => {
        this.#facts = [];
        this.#restart(reason);
        this.#tell();
      },
    };
    this.#child = new PcscChild(
      {
        exchangeLimitMs: this.#options.exchangeLimitMs ?? exchangeLimitMs,
        startLimitMs,
        environment: this.#options.environment ?? process.env,
        execArgv: this.#options.execArgv ?? process.execArgv,
      },
      events,
    );
  }

  /** After a stuck card at once, for the reader may be fine; else with growing waits. */
  #restart(reason: EndReason): void {
    this.#child = undefined;
    this.#awaitingNews = false;
    this.#condition = reason === 'stuck' || reason === 'broken' ? 'starting' : reason;
    if (reason === 'stuck' && this.#failures === 0) {
      this.#failures = 1;
      return this.#start();
    }
    const delay = retryDelaysMs[Math.min(this.#failures, retryDelaysMs.length - 1)];
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#start(), delay);
  }

  #tell(): void {
    for (const look of this.#waiting) look();
    const status = this.status();
    const text = JSON.stringify(status);
    if (text === this.#told) return;
    this.#told = text;
    for (const listener of this.#listeners) listener(status);
  }
}

/** Another program at the same card is in the way, or was: nothing is wrong with card or reader, and all is asked anew. */
function isOfOthers({ code, act }: PcscRefusal): boolean {
  const { resetByOther, heldByOther, protocolNotAgreed } = pcscCodes;
  // What `connect` agreed on is taken back by a reset that ends just then: only a new connection can tell.
  return code === resetByOther || code === heldByOther || (code === protocolNotAgreed && act === 'transmit');
}

function factsOf({ name, cardPresent, atr }: PcscReaderFacts): ReaderFacts {
  return { name, virtual: isVirtualReader(name), cardPresent, atr };
}

function failure(problem: ReadProblem): Failure {
  return { ok: false, problem };
}
