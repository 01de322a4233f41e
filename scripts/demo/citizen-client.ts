/** A citizen as the JSON API meets one: keeps the session cookie, solves the captcha, names each write once. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';

/** An answer of the API as it came. */
export interface ApiAnswer<T = unknown> {
  readonly status: number;
  readonly body: T;
}

/** HTTP status of an API whose parts are not up yet, or that has too much to do. */
const notReady = 503;
const patienceMs = 20_000;
const tryAgainAfterMs = 200;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface CallOptions {
  /** To repeat the very same write; a new key otherwise. */
  readonly key?: string;
  /** A station's key. */
  readonly bearer?: string;
  readonly language?: 'zh-TW' | 'en';
  /** Ends a call whose answer is no longer waited for. */
  readonly signal?: AbortSignal;
}

/** The API refused what should be possible. Carries codes only, never what was sent. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  constructor(
    readonly call: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(`${call} was answered ${String(status)} ${code}`);
  }
}

export class CitizenClient {
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();
  readonly #onAnswer: ((answer: ApiAnswer, text: string) => void) | undefined;

  /** `origin` is the API's address, e.g. `http://127.0.0.1:8080`; `onAnswer` sees every answer as it came. */
  constructor(origin: string, onAnswer?: (answer: ApiAnswer, text: string) => void) {
    this.#origin = origin;
    this.#onAnswer = onAnswer;
  }

  /** The cookies as they are sent. */
  get cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Solves a captcha challenge as a phone would and returns the payload that the API takes. */
  async solveCaptcha(): Promise<string> {
    const challenge = (await this.call<Challenge>('GET', '/v1/captcha')).body;
    const solution = await solveChallenge({ challenge, deriveKey });
    if (!solution) throw new Error('the captcha challenge could not be solved');
    return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
  }

  /** Signs in by number and card number; the session's cookie is kept. */
  async signIn(personNumber: string, cardNumber: string): Promise<{ readonly expiresAt: string }> {
    const captcha = await this.solveCaptcha();
    return this.must('POST', '/v1/sessions', { method: 'card-number', personNumber, cardNumber, captcha });
  }

  /** One request. A write carries an Idempotency-Key; give the same `key` to repeat the very same write. */
  async call<T = unknown>(
    method: Method,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(this.#origin + path, {
      method,
      headers: {
        accept: 'application/json',
        ...(options.language ? { 'accept-language': options.language } : {}),
        origin: this.#origin,
        ...(this.#cookies.size > 0 ? { cookie: this.cookieHeader } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'idempotency-key': options.key ?? randomUUID() }),
        ...(options.bearer ? { authorization: `Bearer ${options.bearer}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      ...(options.signal ? { signal: options.signal } : {}),
    });
    this.#keepCookies(response);
    const text = await response.text();
    const answer = { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
    this.#onAnswer?.(answer, text);
    return answer;
  }

  /**
   * Like `call`, but while the API is away or not ready it repeats the very same request, as an honest client does
   * who cannot know whether the first one was done.
   */
  async persist<T>(
    method: Method,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<ApiAnswer<T>> {
    const deadline = Date.now() + patienceMs;
    const same = { ...options, key: options.key ?? randomUUID() };
    for (;;) {
      const answer = await this.call<T>(method, path, body, same).catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
        return undefined;
      });
      if (answer && (answer.status !== notReady || Date.now() > deadline)) return answer;
      await pause(tryAgainAfterMs);
    }
  }

  /** Like `persist`, but an answer that is no success is an error. */
  async must<T>(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    const { status, body: answered } = await this.persist<T>(method, path, body, options);
    if (status >= 200 && status < 300) return answered;
    const [place = ''] = path.split('?');
    throw new UnexpectedAnswer(
      `${method} ${place}`,
      status,
      (answered as { code?: string } | undefined)?.code ?? '',
    );
  }

  #keepCookies(response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const [name = '', ...value] = pair.split('=');
      if (value.join('=') === '' || /expires=Thu, 01 Jan 1970/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value.join('='));
    }
  }
}
