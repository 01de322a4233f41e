/**
 * The port through which text messages leave the house, whatever protocol the SMS gateway speaks.
 *
 * What a sender does with an outcome:
 *
 * | outcome     | the gateway has it | what to do                                                          |
 * |-------------|--------------------|---------------------------------------------------------------------|
 * | `accepted`  | yes, now           | record it, wait for the receipt                                     |
 * | `duplicate` | yes, since before  | the same; nothing was sent twice                                    |
 * | `rejected`  | no                 | `permanent`: never again; else later, and somebody should look      |
 * | `throttled` | no                 | the same message again after `retryAfterMs`                         |
 * | `unknown`   | perhaps            | {@link sendAgain} of `resubmission.ts`, with the same textMessageId |
 *
 * `unknown` is settled differently by each protocol:
 * - HTTP: the gateway keeps the client id (12 hours at Mitake). It is asked first; when it cannot say, the
 *   same request with the same client id gives one acceptance and answers `duplicate` the second time.
 * - SMPP with a vendor TLV reference: the gateway dedupes by the reference; submit again.
 * - Plain SMPP: nobody can be asked about a submit whose answer was lost, for its message id was in that
 *   answer. Submit again; a citizen may then get the text twice. `sendAgain` marks each such repeat so that it
 *   can be counted, and the sender gives out no new text while a whole window of them is in doubt.
 */

/** One text on its way to one phone. */
export interface OutgoingSms {
  /** UUID of the row in `text_message`; the reference for dedupe, nothing personal. */
  readonly textMessageId: string;
  /** Taiwanese mobile number in national form, `09` and eight digits. */
  readonly mobile: string;
  /** The text as the citizen shall read it; counted in segments by `segments.ts`. */
  readonly body: string;
}

/** What became of one submission. Codes and reasons never hold a number or a text. */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly gatewayMessageId: string; readonly segments: number }
  | { readonly kind: 'duplicate'; readonly gatewayMessageId: string }
  /** The gateway refused; `permanent` means that this text must never be sent to this number again. */
  | { readonly kind: 'rejected'; readonly code: string; readonly permanent: boolean }
  /** Nothing was taken: the gateway is busy, or there is no connection to it. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  /** The submission went out and its answer did not come back. */
  | { readonly kind: 'unknown'; readonly reason: UnknownReason };

/** Why an outcome is not known. */
export type UnknownReason = 'timeout' | 'connectionLost' | 'unreadableAnswer' | 'notSupported';

/** What the gateway says about an earlier submission. */
export type QueryOutcome =
  | { readonly kind: 'accepted'; readonly gatewayMessageId: string }
  | { readonly kind: 'notFound' }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason };

/** How a text ended, as the network told the gateway. Only final states are reported. */
export type ReceiptStatus = 'delivered' | 'failed' | 'expired' | 'deleted' | 'rejected' | 'unknown';

/** A delivery receipt. The same one may come twice, late, never, or before the outcome of its submission. */
export interface SmsReceipt {
  readonly gatewayMessageId: string;
  /** Present when the gateway returns our reference: it then settles an `unknown` outcome too. */
  readonly textMessageId?: string;
  readonly status: ReceiptStatus;
  /** When the network knew; the time of arrival where the gateway did not say. */
  readonly at: Date;
}

/**
 * Takes one receipt. Resolve once it is recorded: only then is it acknowledged. A rejection leaves it with
 * the gateway, which offers it again.
 */
export type ReceiptListener = (receipt: SmsReceipt) => void | Promise<void>;

/** An accepted text whose receipt is still awaited. */
export interface AwaitedReceipt {
  readonly gatewayMessageId: string;
  readonly textMessageId: string;
}

/** Whether texts can go out now; `reason` is a code for operations. */
export type GatewayHealth = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface SmsGateway {
  /** Whether {@link query} can answer; if not it says `unknown`, `notSupported`. */
  readonly canQuery: boolean;
  /** How long the gateway recognises a repeated textMessageId, in milliseconds; 0 when it never does. */
  readonly dedupeMemoryMs: number;
  /** Submits one text; waits for a place in the window. Never rejects: every failure is an outcome. */
  send(message: OutgoingSms): Promise<SendOutcome>;
  /** Asks whether an earlier submission arrived. Never rejects. */
  query(textMessageId: string): Promise<QueryOutcome>;
  /**
   * Hands over texts accepted before a restart, so that gateways which must be polled for receipts are
   * polled for these too. Gateways that push receipts need no list and ignore it.
   */
  expectReceipts(awaited: readonly AwaitedReceipt[]): void;
  /** Registers a listener and returns the function that removes it. */
  onReceipt(listener: ReceiptListener): () => void;
  health(): GatewayHealth;
  /** Lets submissions in flight finish (at most one answer's timeout), then disconnects. */
  close(): Promise<void>;
}
