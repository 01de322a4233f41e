/** The SMS port over HTTP as Taiwan's gateways offer it: form posts, plain-text answers, a client id to dedupe. */
import { readQueryAnswer, readSendAnswer, type StatusRow } from './http-answers';
import type {
  AwaitedReceipt,
  GatewayHealth,
  OutgoingSms,
  QueryOutcome,
  ReceiptListener,
  SendOutcome,
  SmsGateway,
  UnknownReason,
} from './port';
import { ReceiptListeners } from './receipt-listeners';
import { ReceiptPoll } from './receipt-poll';
import { checkSubmission } from './submission-check';
import { SubmissionWindow } from './submission-window';

export interface HttpGatewaySettings {
  /** Where the calls live, such as `https://gateway.example/api/mtk`; without credentials. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  /**
   * Whether SmQuery takes a `clientid`; by contract, since the published call takes the gateway's own ids
   * only. Where it is not understood the query says `unknown`, and sending again still is safe.
   */
  readonly queryByClientId?: boolean;
  /** How long the gateway remembers client ids, in milliseconds (Mitake: 12 hours). */
  readonly dedupeMemoryMs?: number;
  /** Calls at once; gateways refuse more than the contract allows (status `l`). */
  readonly maxInFlight?: number;
  readonly patienceMs?: number;
  readonly responseTimeoutMs?: number;
  readonly receiptPollMs?: number;
  readonly receiptGiveUpMs?: number;
}

const defaults = {
  dedupeMemoryMs: 12 * 3_600_000,
  maxInFlight: 16,
  patienceMs: 15_000,
  responseTimeoutMs: 10_000,
  receiptPollMs: 5_000,
  receiptGiveUpMs: 48 * 3_600_000,
} as const;

/** The gateway's sign for a new line inside `smbody`. */
const lineBreak = '\x06';
const busyPauseMs = 1_000;
const longestPauseMs = 600_000;

/** Failures that come before a byte of the request has left, so that nothing can have been accepted. */
const nothingSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

type CallAnswer =
  | { readonly kind: 'answered'; readonly text: string }
  | { readonly kind: 'refusedByHttp'; readonly status: number }
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason };

/**
 * Receipts are polled. The gateway could also call back, but it would write the citizen's number into the
 * query string of our URL, and from there into every log on the way.
 */
export class HttpGateway implements SmsGateway {
  readonly canQuery: boolean;
  readonly dedupeMemoryMs: number;
  private readonly window: SubmissionWindow;
  private readonly listeners = new ReceiptListeners();
  private readonly poll: ReceiptPoll;
  private readonly responseTimeoutMs: number;
  private unreachable: string | undefined;

  constructor(private readonly settings: HttpGatewaySettings) {
    this.canQuery = settings.queryByClientId ?? true;
    this.dedupeMemoryMs = settings.dedupeMemoryMs ?? defaults.dedupeMemoryMs;
    this.responseTimeoutMs = settings.responseTimeoutMs ?? defaults.responseTimeoutMs;
    this.window = new SubmissionWindow(
      settings.maxInFlight ?? defaults.maxInFlight,
      settings.patienceMs ?? defaults.patienceMs,
    );
    this.window.unlock();
    this.poll = new ReceiptPoll(
      {
        everyMs: settings.receiptPollMs ?? defaults.receiptPollMs,
        giveUpAfterMs: settings.receiptGiveUpMs ?? defaults.receiptGiveUpMs,
      },
      (ids) => this.askStatus(ids),
      this.listeners,
    );
  }

  async send(message: OutgoingSms): Promise<SendOutcome> {
    const check = checkSubmission(message);
    if (check.kind === 'rejected') {
      return check;
    }
    if (!(await this.window.enter())) {
      return { kind: 'throttled', retryAfterMs: busyPauseMs };
    }
    try {
      const outcome = sendOutcome(
        await this.call('SmSend?CharsetURL=UTF-8', {
          dstaddr: message.mobile,
          smbody: message.body.replace(/\r\n|\r|\n/g, lineBreak),
          clientid: message.textMessageId,
        }),
        check.segments,
      );
      if (outcome.kind === 'accepted' || outcome.kind === 'duplicate') {
        this.poll.expect({
          gatewayMessageId: outcome.gatewayMessageId,
          textMessageId: message.textMessageId,
        });
      }
      return outcome;
    } finally {
      this.window.leave();
    }
  }

  async query(textMessageId: string): Promise<QueryOutcome> {
    if (!this.canQuery) {
      return { kind: 'unknown', reason: 'notSupported' };
    }
    const call = await this.call('SmQuery', { clientid: textMessageId });
    if (call.kind !== 'answered') {
      return { kind: 'unknown', reason: call.kind === 'unknown' ? call.reason : 'connectionLost' };
    }
    const answer = readQueryAnswer(call.text);
    switch (answer.kind) {
      case 'noSuchMessage':
        return { kind: 'notFound' };
      case 'unreadable':
        return { kind: 'unknown', reason: 'unreadableAnswer' };
      case 'rows': {
        const [row] = answer.rows;
        if (!row) {
          return { kind: 'unknown', reason: 'unreadableAnswer' };
        }
        this.poll.expect({ gatewayMessageId: row.gatewayMessageId, textMessageId });
        return { kind: 'accepted', gatewayMessageId: row.gatewayMessageId };
      }
    }
  }

  expectReceipts(awaited: readonly AwaitedReceipt[]): void {
    awaited.forEach((receipt) => this.poll.expect(receipt));
  }

  onReceipt(listener: ReceiptListener): () => void {
    return this.listeners.add(listener);
  }

  /** Ready until a call fails to reach the gateway, and again after one that does. */
  health(): GatewayHealth {
    return this.unreachable === undefined ? { ready: true } : { ready: false, reason: this.unreachable };
  }

  async close(): Promise<void> {
    await this.window.drain();
    await this.poll.close();
  }

  private async askStatus(gatewayMessageIds: readonly string[]): Promise<readonly StatusRow[]> {
    const call = await this.call('SmQuery', { msgid: gatewayMessageIds.join(',') });
    const answer = call.kind === 'answered' ? readQueryAnswer(call.text) : undefined;
    return answer?.kind === 'rows' ? answer.rows : [];
  }

  /** One form post. Credentials and numbers go in the body, never in the URL. */
  private async call(path: string, fields: Readonly<Record<string, string>>): Promise<CallAnswer> {
    const { username, password } = this.settings;
    try {
      const response = await fetch(`${this.settings.baseUrl.replace(/\/+$/, '')}/${path}`, {
        method: 'POST',
        body: new URLSearchParams({ username, password, ...fields }),
        // A redirect would carry the credentials to wherever it points.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.responseTimeoutMs),
      });
      this.unreachable = undefined;
      if (response.ok) {
        return { kind: 'answered', text: await response.text() };
      }
      await response.body?.cancel();
      return httpFailure(response);
    } catch (error) {
      return this.failedCall(error);
    }
  }

  private failedCall(error: unknown): CallAnswer {
    const code = causeCode(error);
    if (code !== undefined && nothingSent.has(code)) {
      this.unreachable = code;
      return { kind: 'busy', retryAfterMs: busyPauseMs };
    }
    return {
      kind: 'unknown',
      reason: fieldOf(error, 'name') === 'TimeoutError' ? 'timeout' : 'connectionLost',
    };
  }
}

function sendOutcome(call: CallAnswer, segments: number): SendOutcome {
  switch (call.kind) {
    case 'answered':
      return readSendAnswer(call.text, segments);
    case 'busy':
      return { kind: 'throttled', retryAfterMs: call.retryAfterMs };
    case 'refusedByHttp':
      return { kind: 'rejected', code: `http_${call.status}`, permanent: false };
    case 'unknown':
      return call;
  }
}

/** 429 and 503 say that nothing was done (RFC 6585 §4, RFC 9110 §15.6.4); after another 5xx nobody knows. */
function httpFailure(response: Response): CallAnswer {
  if (response.status === 429 || response.status === 503) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const pause = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : busyPauseMs;
    return { kind: 'busy', retryAfterMs: Math.min(pause, longestPauseMs) };
  }
  return response.status >= 500
    ? { kind: 'unknown', reason: 'unreadableAnswer' }
    : { kind: 'refusedByHttp', status: response.status };
}

/** The system's code of a failed fetch, which stands on the cause, or on the first of several. */
function causeCode(error: unknown): string | undefined {
  const cause = fieldOf(error, 'cause');
  const several = fieldOf(cause, 'errors');
  const code = fieldOf(Array.isArray(several) ? several[0] : cause, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** Read by name and not by class: fetch's errors may come from another realm, where `instanceof` fails. */
function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
