/** An honest citizen under faults: names each act by a key, asks again under it until it is answered, writes all down. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { syntheticMobile } from '../demo-data/synthetic-numbers';
import { CitizenClient, type ApiAnswer, type Method } from '../demo/citizen-client';
import { findCanaries } from './canary-scan';
import type { ActOutcome, ClientAct, ClientRecord, RecordedAct, SeenBreach } from './record';
import { districts, product, type FaultPerson } from './round-files';

/** How long a try is waited for; then it is given up and may still be done. */
const tryMs = 3_000;
const betweenTriesMs = 150;
/** How long an act is asked for again; the longest fault is shorter. */
const patienceMs = 90_000;
/** Part of the acknowledged requests that are sent once more under their key. */
const repeatedShare = 0.15;

/** Answers that say for certain that nothing was done. */
const nothingDone = new Set(['overloaded', 'notReady', 'tooManyAttempts', 'sessionRequired', 'sessionEnded']);
/** Answers after which the very same request is worth another try. */
const tryAgainStatuses = new Set([401, 429, 500, 502, 503, 504]);

interface Wish {
  readonly act: ClientAct;
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly slotId?: number;
  readonly fromSlotId?: number;
  readonly number?: string;
  /** What each further try asks instead of the very same. */
  readonly anew?: () => { readonly key: string; readonly body: unknown };
}

interface Answered {
  readonly appointmentNumber?: string;
  readonly registrationNumber?: string;
  readonly code?: string;
}

export interface HeldAppointment {
  readonly number: string;
  readonly slotId: number;
}

export class FaultClient {
  readonly http: CitizenClient;
  /** As far as the client knows. */
  held: HeldAppointment | undefined;
  #registered = false;
  /** An answer was lost, so the client has to look before it goes on. */
  #inDoubt = false;
  #mobiles: number;
  /** What was asked under which key. */
  readonly #asked = new Map<string, Wish>();

  constructor(
    readonly index: number,
    readonly person: FaultPerson,
    origin: string,
    private readonly record: ClientRecord,
    public personKey = '',
  ) {
    this.#mobiles = 1_000_000 + index * 10_000;
    const { name, personNumber, cardNumber, mobile } = person;
    const canaries = { name, personNumber, cardNumber, mobile };
    this.http = new CitizenClient(origin, ({ status, body }, text) => {
      if (status < 400) return;
      if ((body as Answered | undefined)?.code === 'internalError') record.internalErrors += 1;
      for (const { canary } of findCanaries(canaries, Buffer.from(text), 'answer')) {
        record.breaches.push({
          invariant: 'I7',
          sentence: `an answer ${String(status)} told the person's ${canary}`,
        });
      }
    });
  }

  async signIn(): Promise<void> {
    await this.http.signIn(this.person.personNumber, this.person.cardNumber);
  }

  /** One act of those that make sense now, in one of these windows. */
  async actAmong(slots: readonly number[]): Promise<void> {
    if (this.#inDoubt && !(await this.readBack())) return;
    const slotId = slots[Math.floor(Math.random() * slots.length)] ?? 0;
    const dice = Math.random();
    if (dice < 0.2) await (this.#registered && dice < 0.05 ? this.withdraw() : this.register());
    else if (!this.held) await this.book(slotId);
    else if (dice < 0.5 && this.held.slotId !== slotId) await this.move(slotId);
    else await this.cancel();
  }

  async register(): Promise<RecordedAct> {
    const body = this.#newAnswers();
    return this.#registeredBy({ act: 'register', method: 'PUT', path: '/v1/registration', body });
  }

  /** Registers as nobody should: after a lost answer as a new act, though it is meant as the same one. */
  async registerUnderNewKeys(): Promise<RecordedAct> {
    const anew = () => ({ key: randomUUID(), body: this.#newAnswers() });
    return this.#registeredBy({
      act: 'register',
      method: 'PUT',
      path: '/v1/registration',
      body: this.#newAnswers(),
      anew,
    });
  }

  async #registeredBy(wish: Wish): Promise<RecordedAct> {
    const done = await this.perform(wish);
    if (done.outcome.kind === 'acknowledged') this.#registered = true;
    return done;
  }

  /** Answers that differ from those before, so that each registration or change is one. */
  #newAnswers(): object {
    this.#mobiles += 1;
    return {
      mobile: syntheticMobile(this.#mobiles),
      districtCode: districts[this.#mobiles % districts.length],
      products: [product],
    };
  }

  async withdraw(): Promise<RecordedAct> {
    const done = await this.perform({ act: 'withdraw', method: 'DELETE', path: '/v1/registration' });
    if (done.outcome.kind !== 'unknown') this.#registered = false;
    return done;
  }

  async book(slotId: number): Promise<RecordedAct> {
    const body = { slotId, mobile: this.person.mobile };
    const done = await this.perform({
      ...{ act: 'book', method: 'POST', path: '/v1/appointments', body, slotId },
    });
    if (done.outcome.kind === 'acknowledged') this.held = { number: done.outcome.number, slotId };
    return done;
  }

  async move(slotId: number): Promise<RecordedAct | undefined> {
    const { held } = this;
    if (!held) return undefined;
    const { number, slotId: fromSlotId } = held;
    const path = `/v1/appointments/${number}`;
    const done = await this.perform({
      ...{ act: 'move', method: 'PUT', path, body: { slotId }, slotId, fromSlotId, number },
    });
    if (done.outcome.kind === 'acknowledged') this.held = { number, slotId };
    return done;
  }

  async cancel(): Promise<RecordedAct | undefined> {
    const { held } = this;
    if (!held) return undefined;
    const { number, slotId } = held;
    const path = `/v1/appointments/${number}`;
    const done = await this.perform({ act: 'cancel', method: 'DELETE', path, slotId, number });
    if (done.outcome.kind === 'acknowledged') this.held = undefined;
    return done;
  }

  /** Looks what stands, as a person does who does not know. False when it could not be read. */
  async readBack(): Promise<boolean> {
    const answer = await this.#try('GET', '/v1/appointments');
    if (answer?.status === 401) await this.signIn().catch(() => undefined);
    if (answer?.status !== 200) return false;
    const { appointments } = answer.body as {
      appointments: { appointmentNumber: string; slotId: number; status: string }[];
    };
    const live = appointments.find(({ status }) => status === 'booked');
    this.held = live && { number: live.appointmentNumber, slotId: live.slotId };
    this.#inDoubt = false;
    return true;
  }

  /** Asks until it is answered or patience ends, always under the same key, and records it. */
  async perform(wish: Wish): Promise<RecordedAct> {
    const { act, method, path, body, anew, ...windows } = wish;
    const recorded: RecordedAct = {
      ...{ client: this.index, personKey: this.personKey, act, key: randomUUID(), ...windows },
      ...{ calledAt: performance.now(), returnedAt: Infinity, tries: 0, lost: 0 },
      outcome: { kind: 'unknown' },
    };
    this.record.acts.push(recorded);
    this.#asked.set(recorded.key, wish);
    const deadline = recorded.calledAt + patienceMs;
    while (recorded.outcome.kind === 'unknown' && performance.now() < deadline) {
      if (recorded.tries > 0) await pause(betweenTriesMs);
      const asked = (recorded.tries > 0 && anew?.()) || { key: recorded.key, body };
      const answer = await this.#try(method, path, asked.body, asked.key);
      recorded.tries += 1;
      recorded.outcome = this.#outcomeOf(answer, recorded);
      if (answer?.status === 401) await this.signIn().catch(() => undefined);
    }
    if (recorded.outcome.kind !== 'unknown') recorded.returnedAt = performance.now();
    if (recorded.outcome.kind !== 'acknowledged') this.#inDoubt = true;
    else if (Math.random() < repeatedShare) {
      this.record.breaches.push(...(await this.askAgain(recorded, recorded.outcome.number)));
      this.record.repeated += 1;
    }
    return recorded;
  }

  #outcomeOf(answer: ApiAnswer<Answered> | undefined, recorded: RecordedAct): ActOutcome {
    const code = answer?.body?.code ?? '';
    if (!answer || (tryAgainStatuses.has(answer.status) && !nothingDone.has(code))) recorded.lost += 1;
    if (!answer || tryAgainStatuses.has(answer.status)) return { kind: 'unknown' };
    if (answer.status >= 300) return { kind: 'refused', code, doubtful: recorded.lost > 0 };
    return { kind: 'acknowledged', number: numberIn(answer.body) };
  }

  /** An acceptance of before asked for again: it has to be the same (I8), whatever was done since. */
  async askAgain(act: RecordedAct, number: string): Promise<readonly SeenBreach[]> {
    const wish = this.#asked.get(act.key);
    const again = wish && (await this.#try(wish.method, wish.path, wish.body, act.key));
    if (!again || tryAgainStatuses.has(again.status)) return [];
    const told = toldBy(again);
    return told === number
      ? []
      : [{ invariant: 'I8', sentence: `${act.act} ${number} asked for again was answered ${told}` }];
  }

  /** Books by two requests at the same instant under one key; answers the numbers that were told. */
  async clickTwice(slotId: number): Promise<readonly string[]> {
    const key = randomUUID();
    const click = () => this.#try('POST', '/v1/appointments', { slotId, mobile: this.person.mobile }, key);
    const answers = await Promise.all([click(), click()]);
    await this.readBack();
    return answers.flatMap((answer) =>
      answer && !tryAgainStatuses.has(answer.status) ? [toldBy(answer)] : [],
    );
  }

  /** One try; undefined when no whole answer came in time. */
  async #try(
    method: Method,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<ApiAnswer<Answered> | undefined> {
    return this.http
      .call<Answered>(method, path, body, {
        signal: AbortSignal.timeout(tryMs),
        ...(key === undefined ? {} : { key }),
      })
      .catch(() => undefined);
  }
}

/** The number of an acceptance, the code of a refusal. */
function toldBy({ status, body }: ApiAnswer<Answered>): string {
  return status < 300 ? numberIn(body) : (body.code ?? String(status));
}

function numberIn(body: Answered): string {
  return body.appointmentNumber ?? body.registrationNumber ?? '';
}
