/** The carriers over HTTP: one question, a time limit, one more try where nothing was heard at all. */
import { setTimeout as pause } from 'node:timers/promises';
import { Compile } from 'typebox/compile';

import { CarriersUnavailable, type Carriers, type HolderAnswer, type HolderQuestion } from './port';
import { holderAnswer, holderPath } from './protocol';

export interface HttpCarriersSettings {
  /** Where the carriers' gateway answers, e.g. `https://carriers.example`. */
  readonly url: string;
  /** How long an answer may take; then the person reads of the timeout (連線逾時) and what helps. */
  readonly timeoutMs?: number;
}

/** A carrier asks its network where the SIM is, which takes longer than a look into a register. */
const defaultTimeoutMs = 4_000;
/** Long enough for a connection that was just being replaced, short enough not to be felt. */
const pauseBeforeRetryMs = 100;

const answerCheck = Compile(holderAnswer);

/**
 * The carriers at `settings.url`. Asked once more where the connection failed; not after a timeout, since the person
 * has waited long enough and may try again themselves.
 */
export function createHttpCarriers(settings: HttpCarriersSettings): Carriers {
  const address = new URL(holderPath, settings.url);
  const timeoutMs = settings.timeoutMs ?? defaultTimeoutMs;
  return {
    async confirmHolder(question) {
      try {
        return await ask(address, timeoutMs, question);
      } catch (error) {
        if (!(error instanceof CarriersUnavailable) || !askAgain.has(error.reason)) throw error;
        await pause(pauseBeforeRetryMs);
        return ask(address, timeoutMs, question);
      }
    },
  };
}

const askAgain: ReadonlySet<string> = new Set(['unreachable', 'failed']);

async function ask(address: URL, timeoutMs: number, question: HolderQuestion): Promise<HolderAnswer> {
  const { mobile, personNumber, connectionAddress } = question;
  const signal = AbortSignal.timeout(timeoutMs);
  let status: number;
  let body: string;
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ mobile, personNumber, connectionAddress }),
      signal,
      redirect: 'error',
    });
    status = response.status;
    body = await response.text();
  } catch {
    // The error itself is dropped: a cause may quote what was sent.
    throw new CarriersUnavailable(signal.aborted ? 'timedOut' : 'unreachable');
  }
  if (status === 504) throw new CarriersUnavailable('timedOut');
  if (status >= 500 || status === 429) throw new CarriersUnavailable('failed');
  if (status !== 200) throw new CarriersUnavailable('answerNotUnderstood');
  return understood(body);
}

function understood(body: string): HolderAnswer {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new CarriersUnavailable('answerNotUnderstood');
  }
  if (!answerCheck.Check(answer)) throw new CarriersUnavailable('answerNotUnderstood');
  return answer;
}
