/** The simulated SMS centre behind both protocols: takes texts in, dedupes them, ends them with a receipt. */
import { EventEmitter } from 'node:events';
import { isMobile } from '../taiwan-mobile';
import { countSegments } from '../segments';
import { Faults } from './faults';
import { Inbox, type InboxMessage } from './inbox';

export interface CentreSettings {
  readonly inboxFile?: string | undefined;
  /** Whether a reference that came before gives the earlier text back instead of a second one. */
  readonly dedupe: boolean;
  readonly receiptDelayMs: number;
}

export interface Submission {
  readonly mobile: string;
  readonly body: string;
  readonly reference: string | undefined;
  readonly channel: 'smpp' | 'http';
}

/** How the protocol in front shall answer: with the verdict, not at all, or by cutting the connection. */
export type AnswerManner = 'answer' | 'silence' | 'cut';

export type Verdict =
  | { readonly kind: 'accepted'; readonly message: InboxMessage; readonly manner: AnswerManner }
  | { readonly kind: 'duplicate'; readonly message: InboxMessage }
  | { readonly kind: 'invalidNumber' | 'emptyBody' | 'throttled' | 'lost' };

/** A text has ended; `copies` receipts go out, and one of senseless bytes ahead of them when `garbled`. */
export interface EndedText {
  readonly message: InboxMessage;
  readonly copies: number;
  readonly garbled: boolean;
}

export class SmsCentre {
  readonly faults = new Faults();
  readonly inbox: Inbox;
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly doubled = new Set<string>();
  private readonly events = new EventEmitter<{ ended: [EndedText] }>();

  constructor(private readonly settings: CentreSettings) {
    this.inbox = new Inbox(settings.inboxFile);
  }

  /** Goes on with texts that had no acknowledged receipt when the centre last stopped. */
  resume(): void {
    for (const message of this.inbox.list()) {
      const ending = this.inbox.endingOf(message.messageId);
      if (!ending) {
        this.endLater(message, this.settings.receiptDelayMs, false, 1, false);
      } else if (!ending.receipted) {
        this.after(0, () => this.events.emit('ended', { message, copies: 1, garbled: false }));
      }
    }
  }

  onEnded(listener: (ended: EndedText) => void): void {
    this.events.on('ended', listener);
  }

  submit({ mobile, body, reference, channel }: Submission): Verdict {
    if (this.faults.strikes('timeoutBeforeAccept')) {
      return { kind: 'lost' };
    }
    if (this.faults.strikes('throttle')) {
      return { kind: 'throttled' };
    }
    if (!isMobile(mobile) || this.faults.rejects(mobile)) {
      return { kind: 'invalidNumber' };
    }
    const { segments } = countSegments(body);
    if (segments === 0) {
      return { kind: 'emptyBody' };
    }
    const earlier =
      this.settings.dedupe && reference !== undefined ? this.inbox.findByReference(reference) : undefined;
    if (earlier) {
      return { kind: 'duplicate', message: earlier };
    }
    const message = this.inbox.receive({
      textMessageId: reference ?? null,
      mobile,
      body,
      segments,
      receivedAt: new Date().toISOString(),
      channel,
    });
    this.planEnding(message);
    return { kind: 'accepted', message, manner: this.manner() };
  }

  /** Whether the receipt of this text was ordered twice; for the protocol that is polled. */
  isDoubled(messageId: string): boolean {
    return this.doubled.has(messageId);
  }

  /** Runs an action later, unless the centre is closed before. */
  after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, delayMs);
    this.timers.add(timer);
  }

  close(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
    this.events.removeAllListeners();
    this.inbox.close();
  }

  private manner(): AnswerManner {
    if (this.faults.strikes('timeoutAfterAccept')) {
      return 'silence';
    }
    return this.faults.strikes('cutAfterAccept') ? 'cut' : 'answer';
  }

  private planEnding(message: InboxMessage): void {
    if (this.faults.strikes('receiptsNever')) {
      return;
    }
    const late = this.faults.strikes('receiptsLate');
    const failed = this.faults.strikes('receiptsFailed');
    const copies = this.faults.strikes('receiptsDoubled') ? 2 : 1;
    const garbled = this.faults.strikes('receiptsGarbled');
    const delay = late ? this.faults.receiptsLateByMs : this.settings.receiptDelayMs;
    this.endLater(message, delay, failed, copies, garbled);
  }

  private endLater(
    message: InboxMessage,
    delayMs: number,
    failed: boolean,
    copies: number,
    garbled: boolean,
  ): void {
    this.after(delayMs, () => {
      if (copies > 1) {
        this.doubled.add(message.messageId);
      }
      this.inbox.end(message.messageId, failed ? 'failed' : 'delivered', new Date());
      this.events.emit('ended', { message, copies, garbled });
    });
  }
}
