/** What the phones of synthetic citizens have received, kept in an append-only file across restarts. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ReceiptStatus } from '../port';

/** One text as the phone shows it. */
export interface InboxMessage {
  /** Rises by one with every text; the cursor for "what came since". */
  readonly sequence: number;
  /** The centre's own id. */
  readonly messageId: string;
  /** The sender's reference, where the protocol carried one. */
  readonly textMessageId: string | null;
  readonly mobile: string;
  readonly body: string;
  readonly segments: number;
  readonly receivedAt: string;
  readonly channel: 'smpp' | 'http';
}

/** How the network ended a text; `receipted` once the sender has acknowledged that. */
interface Ending {
  readonly status: ReceiptStatus;
  readonly at: string;
  receipted: boolean;
}

type JournalLine =
  | { readonly type: 'received'; readonly message: InboxMessage }
  | {
      readonly type: 'ended';
      readonly messageId: string;
      readonly status: ReceiptStatus;
      readonly at: string;
    }
  | { readonly type: 'receipted'; readonly messageId: string };

export interface InboxFilter {
  readonly mobile?: string | undefined;
  /** Only texts with a higher sequence. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

const everything = Number.MAX_SAFE_INTEGER;

/** Demonstration and tests only: bodies and numbers stand in the file as plain text. */
export class Inbox {
  private readonly messages: InboxMessage[] = [];
  private readonly byMobile = new Map<string, InboxMessage[]>();
  private readonly byId = new Map<string, InboxMessage>();
  private readonly byReference = new Map<string, InboxMessage>();
  private readonly endings = new Map<string, Ending>();
  private file: number | undefined;

  /** @param path the journal; created with its folder when it is missing; without one nothing is kept */
  constructor(path?: string) {
    if (path === undefined) {
      return;
    }
    mkdirSync(dirname(path), { recursive: true });
    const journal = existsSync(path) ? readFileSync(path, 'utf8') : '';
    journal.split('\n').forEach((line) => this.replay(line));
    this.file = openSync(path, 'a', 0o600);
    if (journal !== '' && !journal.endsWith('\n')) {
      // A kill in the middle of a write left half a line; close it so that the next one stands alone.
      writeSync(this.file, '\n');
    }
  }

  /** Takes a text in; it is on disk before this returns, so an answer never promises what a kill can lose. */
  receive(text: Omit<InboxMessage, 'sequence' | 'messageId'>): InboxMessage {
    const sequence = (this.messages.at(-1)?.sequence ?? 0) + 1;
    const message = { sequence, messageId: sequence.toString(16).toUpperCase().padStart(10, '0'), ...text };
    this.append({ type: 'received', message });
    this.keep(message);
    return message;
  }

  end(messageId: string, status: ReceiptStatus, at: Date): void {
    this.append({ type: 'ended', messageId, status, at: at.toISOString() });
    this.endings.set(messageId, { status, at: at.toISOString(), receipted: false });
  }

  markReceipted(messageId: string): void {
    const ending = this.endings.get(messageId);
    if (ending && !ending.receipted) {
      this.append({ type: 'receipted', messageId });
      ending.receipted = true;
    }
  }

  find(messageId: string): InboxMessage | undefined {
    return this.byId.get(messageId);
  }

  findByReference(reference: string): InboxMessage | undefined {
    return this.byReference.get(reference);
  }

  endingOf(messageId: string): Readonly<Ending> | undefined {
    return this.endings.get(messageId);
  }

  /** Texts in the order in which they came. */
  list({ mobile, after = 0, limit = everything }: InboxFilter = {}): readonly InboxMessage[] {
    const source = mobile === undefined ? this.messages : (this.byMobile.get(mobile) ?? []);
    return source.filter((message) => message.sequence > after).slice(0, limit);
  }

  close(): void {
    if (this.file !== undefined) {
      closeSync(this.file);
      this.file = undefined;
    }
  }

  private keep(message: InboxMessage): void {
    this.messages.push(message);
    this.byId.set(message.messageId, message);
    const own = this.byMobile.get(message.mobile);
    if (own) {
      own.push(message);
    } else {
      this.byMobile.set(message.mobile, [message]);
    }
    if (message.textMessageId !== null && !this.byReference.has(message.textMessageId)) {
      this.byReference.set(message.textMessageId, message);
    }
  }

  private append(line: JournalLine): void {
    if (this.file !== undefined) {
      writeSync(this.file, `${JSON.stringify(line)}\n`);
    }
  }

  private replay(text: string): void {
    const line = readLine(text);
    switch (line?.type) {
      case 'received':
        this.keep(line.message);
        return;
      case 'ended':
        this.endings.set(line.messageId, { status: line.status, at: line.at, receipted: false });
        return;
      case 'receipted': {
        const ending = this.endings.get(line.messageId);
        if (ending) {
          ending.receipted = true;
        }
        return;
      }
      case undefined:
        return;
    }
  }
}

/** A line that a kill cut short is left out: its text was never answered for. */
function readLine(text: string): JournalLine | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as JournalLine);
  } catch {
    return undefined;
  }
}
