/** The SMPP 3.4 face of the simulated SMS centre. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, errors, PDU, type Server, type Session } from 'smpp';
import { writeGatewayTime } from '../gateway-time';
import { referenceOf, referenceTlv, type ReferenceTlv } from '../reference-tlv';
import { toInternational, toNational } from '../taiwan-mobile';
import type { EndedText, SmsCentre, Verdict } from './centre';
import type { InboxMessage } from './inbox';

export interface SmppServerSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Tag of the vendor TLV with the sender's reference; null for a centre that knows none. */
  readonly referenceTag: number | null;
  readonly receiptRetryMs: number;
  /** Key and certificate of a centre that speaks TLS only. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

const messageState = { delivered: 2, failed: 5 } as const;
const receiptWord = { delivered: 'DELIVRD', failed: 'UNDELIV' } as const;
const receiptClass = 0x04;
const concatenationClass = 0x40;
const isdn = { ton: 1, npi: 1 } as const;
const binaryCoding = 0x04;
const garbage = Buffer.from([0x69, 0x64, 0x3a, 0x00, 0xff, 0xfe, 0xd8, 0x00, 0x1b, 0x1b, 0x0a, 0x73, 0x3a]);
const senders: ReadonlySet<string> = new Set(['bind_transceiver', 'bind_transmitter']);
const receivers: ReadonlySet<string> = new Set(['bind_transceiver', 'bind_receiver']);

export class SmppServer {
  private readonly server: Server;
  private readonly tlv: ReferenceTlv | undefined;
  private readonly submitting = new Set<Session>();
  private readonly receiving = new Set<Session>();
  /** Receipts on their way, by session and sequence number of the deliver_sm. */
  private readonly unacknowledged = new Map<Session, Map<number, string>>();
  private closed = false;

  constructor(
    private readonly centre: SmsCentre,
    private readonly settings: SmppServerSettings,
  ) {
    this.tlv = settings.referenceTag === null ? undefined : referenceTlv(settings.referenceTag);
    this.server = createServer(settings.tls ?? {}, (session) => this.welcome(session));
    centre.onEnded((ended) => {
      if (ended.message.channel === 'smpp') {
        this.deliver(ended);
      }
    });
  }

  /** @returns the port that it listens on */
  async listen(): Promise<number> {
    this.server.listen(this.settings.port, this.settings.host);
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection, as a crash would. */
  async close(): Promise<void> {
    this.closed = true;
    const closing = once(this.server, 'close');
    this.server.close();
    [...this.server.sessions].forEach((session) => session.destroy());
    await closing;
  }

  private welcome(session: Session): void {
    this.unacknowledged.set(session, new Map());
    // The library stops reading after bytes that it cannot parse, so an error ends the session.
    session.on('error', () => session.destroy());
    session.on('close', () => {
      this.submitting.delete(session);
      this.receiving.delete(session);
      this.unacknowledged.delete(session);
    });
    session.on('pdu', (pdu: PDU) => this.receive(session, pdu));
  }

  private receive(session: Session, pdu: PDU): void {
    if (pdu.isResponse()) {
      this.acknowledge(session, pdu);
      return;
    }
    switch (pdu.command) {
      case 'bind_transceiver':
      case 'bind_transmitter':
      case 'bind_receiver':
        this.bind(session, pdu);
        return;
      case 'submit_sm':
        this.submit(session, pdu);
        return;
      case 'enquire_link':
        session.send(pdu.response());
        return;
      case 'unbind':
        session.send(pdu.response());
        session.close();
        return;
      default:
        session.send(
          new PDU('generic_nack', {
            command_status: errors.ESME_RINVCMDID,
            sequence_number: pdu.sequence_number,
          }),
        );
    }
  }

  private bind(session: Session, pdu: PDU): void {
    const known = pdu.system_id === this.settings.username && pdu.password === this.settings.password;
    if (!known) {
      session.send(pdu.response({ command_status: errors.ESME_RINVPASWD }));
      return;
    }
    session.send(pdu.response({ system_id: 'yiyue-simulator' }));
    if (senders.has(pdu.command)) {
      this.submitting.add(session);
    }
    if (receivers.has(pdu.command)) {
      this.receiving.add(session);
    }
  }

  private submit(session: Session, pdu: PDU): void {
    if (!this.submitting.has(session)) {
      session.send(pdu.response({ command_status: errors.ESME_RINVBNDSTS }));
      return;
    }
    if ((Number(pdu.esm_class) & concatenationClass) !== 0) {
      // This centre cuts long texts itself and takes them whole, as message_payload.
      session.send(pdu.response({ command_status: errors.ESME_RINVESMCLASS }));
      return;
    }
    const verdict = this.centre.submit({
      mobile: toNational(String(pdu.destination_addr)) ?? '',
      body: textOf(pdu.short_message) || textOf(pdu.message_payload),
      reference: this.tlv && referenceOf(pdu, this.tlv),
      channel: 'smpp',
    });
    this.answer(session, pdu, verdict);
  }

  private answer(session: Session, pdu: PDU, verdict: Verdict): void {
    switch (verdict.kind) {
      case 'accepted':
        if (verdict.manner === 'cut') {
          session.destroy();
        } else if (verdict.manner === 'answer') {
          session.send(pdu.response({ message_id: verdict.message.messageId }));
        }
        return;
      case 'duplicate':
        session.send(
          pdu.response({
            message_id: verdict.message.messageId,
            ...(this.tlv ? { [this.tlv.duplicate]: 1 } : {}),
          }),
        );
        return;
      case 'invalidNumber':
        session.send(pdu.response({ command_status: errors.ESME_RINVDSTADR }));
        return;
      case 'emptyBody':
        session.send(pdu.response({ command_status: errors.ESME_RINVMSGLEN }));
        return;
      case 'throttled':
        session.send(pdu.response({ command_status: errors.ESME_RTHROTTLED }));
        return;
      case 'lost':
        return;
    }
  }

  /** Sends the receipts and looks later whether one was acknowledged; until then they are sent again. */
  private deliver({ message, copies, garbled }: EndedText): void {
    const [session] = this.receiving;
    if (session) {
      if (garbled) {
        session.send(garbledReceipt());
      }
      for (let copy = 0; copy < copies; copy += 1) {
        const pdu = this.receiptFor(message);
        if (session.send(pdu)) {
          this.unacknowledged.get(session)?.set(pdu.sequence_number, message.messageId);
        }
      }
    }
    this.centre.after(this.settings.receiptRetryMs, () => {
      if (!this.closed && !this.centre.inbox.endingOf(message.messageId)?.receipted) {
        this.deliver({ message, copies: 1, garbled: false });
      }
    });
  }

  private acknowledge(session: Session, pdu: PDU): void {
    const awaited = this.unacknowledged.get(session);
    const messageId = awaited?.get(pdu.sequence_number);
    awaited?.delete(pdu.sequence_number);
    if (messageId !== undefined && pdu.command === 'deliver_sm_resp' && pdu.command_status === 0) {
      this.centre.inbox.markReceipted(messageId);
    }
  }

  private receiptFor(message: InboxMessage): PDU {
    const ending = this.centre.inbox.endingOf(message.messageId);
    const status = ending?.status === 'failed' ? 'failed' : 'delivered';
    const at = new Date(ending?.at ?? message.receivedAt);
    const minute = (time: Date) => writeGatewayTime(time).slice(2, 12);
    const text = [
      `id:${message.messageId}`,
      'sub:001',
      `dlvrd:${status === 'delivered' ? '001' : '000'}`,
      `submit date:${minute(new Date(message.receivedAt))}`,
      `done date:${minute(at)}`,
      `stat:${receiptWord[status]}`,
      'err:000 text:',
    ].join(' ');
    return new PDU('deliver_sm', {
      source_addr_ton: isdn.ton,
      source_addr_npi: isdn.npi,
      source_addr: toInternational(message.mobile) ?? '',
      esm_class: receiptClass,
      data_coding: 0,
      short_message: Buffer.from(text, 'ascii'),
      receipted_message_id: message.messageId,
      message_state: messageState[status],
      ...(this.tlv && message.textMessageId !== null ? { [this.tlv.reference]: message.textMessageId } : {}),
    });
  }
}

function garbledReceipt(): PDU {
  return new PDU('deliver_sm', {
    esm_class: receiptClass,
    data_coding: binaryCoding,
    short_message: garbage,
  });
}

function textOf(field: unknown): string {
  const message = typeof field === 'object' && field !== null && 'message' in field ? field.message : field;
  return typeof message === 'string' ? message : '';
}
