/** The SMS port over SMPP 3.4: one transceiver, a window of submissions, receipts pushed by the centre. */
import { encodings, PDU } from 'smpp';
import type {
  AwaitedReceipt,
  GatewayHealth,
  OutgoingSms,
  QueryOutcome,
  ReceiptListener,
  SendOutcome,
  SmsGateway,
} from './port';
import { ReceiptListeners } from './receipt-listeners';
import { referenceTlv, type ReferenceTlv } from './reference-tlv';
import type { SmsEncoding } from './segments';
import { SmppLink, type LinkAnswer, type SmppLinkSettings } from './smpp-link';
import { readReceipt } from './smpp-receipt';
import { refusalOf } from './smpp-status';
import { checkSubmission } from './submission-check';
import { SubmissionWindow } from './submission-window';
import { toInternational } from './taiwan-mobile';

export interface SmppGatewaySettings {
  readonly host: string;
  readonly port: number;
  readonly systemId: string;
  readonly password: string;
  readonly tls?: boolean;
  /** Whom to trust besides the usual authorities, in PEM; a gateway of one's own network say. */
  readonly ca?: string;
  readonly systemType?: string;
  /** The sender that phones show: a short code's digits, or up to 11 letters; empty lets the centre choose. */
  readonly sourceAddress?: string;
  /** Tag of the vendor TLV by which the gateway dedupes; null where the gateway has none (plain SMPP). */
  readonly referenceTag: number | null;
  /** How long the gateway remembers references, in milliseconds; by the contract with it. */
  readonly dedupeMemoryMs?: number;
  /** Submissions that may wait for an answer at once. */
  readonly maxInFlight?: number;
  /** How long a submission may wait for a connection and a place in the window. */
  readonly patienceMs?: number;
  readonly responseTimeoutMs?: number;
  readonly enquireLinkMs?: number;
  readonly reconnectMinMs?: number;
  readonly reconnectMaxMs?: number;
}

const defaults = {
  maxInFlight: 32,
  patienceMs: 15_000,
  responseTimeoutMs: 10_000,
  enquireLinkMs: 20_000,
  reconnectMinMs: 250,
  reconnectMaxMs: 30_000,
  dedupeMemoryMs: 12 * 3_600_000,
} as const;

/** Numbering of addresses (SMPP 3.4 §5.2.5, §5.2.6). */
const ton = { unknown: 0, international: 1, alphanumeric: 5 } as const;
const npi = { unknown: 0, isdn: 1 } as const;

/** data_coding (§5.2.19): 0 is the centre's default alphabet, which in GSM networks is GSM-7. */
const dataCoding: Readonly<Record<SmsEncoding, number>> = { 'GSM-7': 0x00, 'UCS-2': 0x08 };
const finalReceipt = 1;

/** Answers to deliver_sm: taken, or "not now", upon which the centre offers it again. */
const receiptTaken = 0x00;
const receiptRefused = 0x64;

export class SmppGateway implements SmsGateway {
  readonly canQuery = false;
  readonly dedupeMemoryMs: number;
  private readonly window: SubmissionWindow;
  private readonly link: SmppLink;
  private readonly listeners = new ReceiptListeners();
  private readonly tlv: ReferenceTlv | undefined;
  private readonly source: Readonly<Record<string, unknown>>;
  private readonly retryAfterMs: number;

  /** Connects in the background and keeps trying; {@link health} tells how that goes. */
  constructor(settings: SmppGatewaySettings) {
    this.tlv = settings.referenceTag === null ? undefined : referenceTlv(settings.referenceTag);
    this.dedupeMemoryMs = this.tlv ? (settings.dedupeMemoryMs ?? defaults.dedupeMemoryMs) : 0;
    this.source = sourceFields(settings.sourceAddress ?? '');
    this.window = new SubmissionWindow(
      settings.maxInFlight ?? defaults.maxInFlight,
      settings.patienceMs ?? defaults.patienceMs,
    );
    const link: SmppLinkSettings = {
      host: settings.host,
      port: settings.port,
      tls: settings.tls ?? false,
      ca: settings.ca,
      systemId: settings.systemId,
      password: settings.password,
      systemType: settings.systemType ?? '',
      responseTimeoutMs: settings.responseTimeoutMs ?? defaults.responseTimeoutMs,
      enquireLinkMs: settings.enquireLinkMs ?? defaults.enquireLinkMs,
      reconnectMinMs: settings.reconnectMinMs ?? defaults.reconnectMinMs,
      reconnectMaxMs: settings.reconnectMaxMs ?? defaults.reconnectMaxMs,
    };
    this.retryAfterMs = link.reconnectMinMs;
    this.link = new SmppLink(link, {
      bound: () => this.window.unlock(),
      down: () => this.window.lock(),
      delivered: (pdu) => this.takeDelivery(pdu),
    });
    this.link.open();
  }

  async send(message: OutgoingSms): Promise<SendOutcome> {
    const check = checkSubmission(message);
    if (check.kind === 'rejected') {
      return check;
    }
    const { encoding, segments } = check;
    if (!(await this.window.enter())) {
      return { kind: 'throttled', retryAfterMs: this.retryAfterMs };
    }
    try {
      const pdu = new PDU('submit_sm', {
        ...this.source,
        dest_addr_ton: ton.international,
        dest_addr_npi: npi.isdn,
        destination_addr: toInternational(message.mobile),
        registered_delivery: finalReceipt,
        data_coding: dataCoding[encoding],
        ...bodyFields(message.body, encoding, segments),
        ...(this.tlv ? { [this.tlv.reference]: message.textMessageId } : {}),
      });
      return this.outcomeOf(await this.link.request(pdu), segments);
    } finally {
      this.window.leave();
    }
  }

  /** SMPP's query_sm asks by the centre's own id, which a lost answer never brought. */
  query(): Promise<QueryOutcome> {
    return Promise.resolve({ kind: 'unknown', reason: 'notSupported' });
  }

  /** The centre pushes every receipt by itself, those of texts sent before a restart too. */
  expectReceipts(_awaited: readonly AwaitedReceipt[]): void {}

  onReceipt(listener: ReceiptListener): () => void {
    return this.listeners.add(listener);
  }

  health(): GatewayHealth {
    return this.link.health();
  }

  async close(): Promise<void> {
    await this.window.drain();
    await this.link.close();
  }

  private outcomeOf(answer: LinkAnswer, segments: number): SendOutcome {
    switch (answer.kind) {
      case 'notSent':
        return { kind: 'throttled', retryAfterMs: this.retryAfterMs };
      case 'timeout':
      case 'connectionLost':
        return { kind: 'unknown', reason: answer.kind };
      case 'answered':
        return this.outcomeOfAnswer(answer.pdu, segments);
    }
  }

  private outcomeOfAnswer(pdu: PDU, segments: number): SendOutcome {
    if (pdu.command_status !== 0) {
      return refusalOf(pdu.command_status);
    }
    const gatewayMessageId = pdu.message_id;
    if (pdu.command !== 'submit_sm_resp' || typeof gatewayMessageId !== 'string' || gatewayMessageId === '') {
      return { kind: 'unknown', reason: 'unreadableAnswer' };
    }
    if (this.tlv && pdu[this.tlv.duplicate] === 1) {
      return { kind: 'duplicate', gatewayMessageId };
    }
    return { kind: 'accepted', gatewayMessageId, segments };
  }

  private async takeDelivery(pdu: PDU): Promise<number> {
    const receipt = readReceipt(pdu, this.tlv, new Date());
    // A citizen's reply or an intermediate state is acknowledged, or the centre would offer it for ever.
    return !receipt || (await this.listeners.take(receipt)) ? receiptTaken : receiptRefused;
  }
}

/**
 * A text of one segment goes as short_message; a longer one whole, as message_payload (SMPP 3.4 §3.2.3), and
 * the centre cuts it. The other way, one submission per part with a concatenation header, can end with half
 * of the parts accepted and the rest unknown: then neither "sent" nor "send again" would be right.
 */
function bodyFields(body: string, encoding: SmsEncoding, segments: number): Record<string, unknown> {
  const bytes = encoding === 'GSM-7' ? encodings.ASCII.encode(body) : encodings.UCS2.encode(body);
  return segments === 1 ? { short_message: bytes } : { message_payload: bytes };
}

function sourceFields(address: string): Readonly<Record<string, unknown>> {
  const letters = /[^0-9]/.test(address);
  return {
    source_addr_ton: letters ? ton.alphanumeric : ton.unknown,
    source_addr_npi: letters || address === '' ? npi.unknown : npi.isdn,
    source_addr: address,
  };
}
