/** One SMPP connection that keeps itself up: binds, asks whether the other side lives, binds again. */
import { isIP } from 'node:net';
import { connect, PDU, type Session } from 'smpp';
import type { GatewayHealth } from './port';
import { statusName } from './smpp-status';

export interface SmppLinkSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Whom to trust besides the usual authorities, in PEM. */
  readonly ca?: string | undefined;
  readonly systemId: string;
  readonly password: string;
  readonly systemType: string;
  /** A request without an answer after this long is given up. */
  readonly responseTimeoutMs: number;
  /** Silence after which the centre is asked whether it lives; unanswered, the connection is dropped. */
  readonly enquireLinkMs: number;
  /** First and longest pause between two attempts to connect; doubled in between, with jitter. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
}

/** What a request came to; only `notSent` is certain not to have reached the centre. */
export type LinkAnswer =
  | { readonly kind: 'answered'; readonly pdu: PDU }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'connectionLost' }
  | { readonly kind: 'notSent' };

export interface SmppLinkEvents {
  bound(): void;
  down(): void;
  /** A deliver_sm came; answer it with the status that is returned. */
  delivered(pdu: PDU): Promise<number>;
}

interface Pending {
  readonly settle: (answer: LinkAnswer) => void;
  readonly deadline: NodeJS.Timeout;
}

const interfaceVersion = 0x34;

export class SmppLink {
  private session: Session | undefined;
  private bound = false;
  private closed = false;
  private reason = 'connecting';
  private attempts = 0;
  private reconnectTimer: NodeJS.Timeout | undefined;
  private keepaliveTimer: NodeJS.Timeout | undefined;
  private readonly pending = new Map<number, Pending>();

  constructor(
    private readonly settings: SmppLinkSettings,
    private readonly events: SmppLinkEvents,
  ) {}

  open(): void {
    const { host, port, tls, ca } = this.settings;
    const session = connect({
      host,
      port,
      tls,
      ...(tls && isIP(host) === 0 ? { servername: host } : {}),
      ...(tls && ca !== undefined ? { ca } : {}),
    });
    this.session = session;
    const handshake = setTimeout(() => session.destroy(), this.settings.responseTimeoutMs);
    session.on(tls ? 'secureConnect' : 'connect', () => void this.bind(session, handshake));
    // The library stops reading after bytes that it cannot parse, so an error always ends the session.
    session.on('error', () => {
      this.reason = 'unreachable';
      session.destroy();
    });
    session.on('close', () => {
      clearTimeout(handshake);
      this.fall(session);
    });
    session.on('pdu', (pdu: PDU) => this.receive(session, pdu));
  }

  health(): GatewayHealth {
    return this.bound ? { ready: true } : { ready: false, reason: this.reason };
  }

  /** Sends a request on the bound connection and waits for its answer. Never rejects. */
  request(pdu: PDU): Promise<LinkAnswer> {
    return this.session && this.bound ? this.ask(this.session, pdu) : Promise.resolve({ kind: 'notSent' });
  }

  /** Says goodbye where the centre listens, and disconnects for good. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.reconnectTimer);
    const session = this.session;
    if (!session || session.socket.destroyed) {
      return;
    }
    if (this.bound) {
      await this.ask(session, new PDU('unbind'));
    }
    await new Promise<void>((resolve) => {
      if (session.socket.destroyed) {
        resolve();
      } else {
        session.destroy(resolve);
      }
    });
  }

  private async bind(session: Session, handshake: NodeJS.Timeout): Promise<void> {
    const { systemId, password, systemType } = this.settings;
    const answer = await this.ask(
      session,
      new PDU('bind_transceiver', {
        system_id: systemId,
        password,
        system_type: systemType,
        interface_version: interfaceVersion,
      }),
    );
    clearTimeout(handshake);
    if (answer.kind !== 'answered' || answer.pdu.command_status !== 0) {
      this.reason = answer.kind === 'answered' ? statusName(answer.pdu.command_status) : answer.kind;
      session.destroy();
      return;
    }
    if (this.closed) {
      session.destroy();
      return;
    }
    this.attempts = 0;
    this.bound = true;
    this.keepaliveTimer = setInterval(() => void this.keepAlive(session), this.settings.enquireLinkMs);
    this.events.bound();
  }

  private async keepAlive(session: Session): Promise<void> {
    const answer = await this.ask(session, new PDU('enquire_link'));
    if (answer.kind === 'timeout') {
      session.destroy();
    }
  }

  private ask(session: Session, pdu: PDU): Promise<LinkAnswer> {
    if (!session.send(pdu)) {
      return Promise.resolve({ kind: 'notSent' });
    }
    return new Promise((settle) => {
      const deadline = setTimeout(
        () => this.settle(pdu.sequence_number, { kind: 'timeout' }),
        this.settings.responseTimeoutMs,
      );
      this.pending.set(pdu.sequence_number, { settle, deadline });
    });
  }

  private settle(sequence: number, answer: LinkAnswer): void {
    const pending = this.pending.get(sequence);
    if (pending) {
      this.pending.delete(sequence);
      clearTimeout(pending.deadline);
      pending.settle(answer);
    }
  }

  private receive(session: Session, pdu: PDU): void {
    if (pdu.isResponse()) {
      this.settle(pdu.sequence_number, { kind: 'answered', pdu });
      return;
    }
    switch (pdu.command) {
      case 'deliver_sm':
        void this.events
          .delivered(pdu)
          .then((status) => session.send(pdu.response({ command_status: status })));
        return;
      case 'enquire_link':
        session.send(pdu.response());
        return;
      case 'unbind':
        session.send(pdu.response());
        session.close();
        return;
      default:
        session.send(new PDU('generic_nack', { command_status: 0x03, sequence_number: pdu.sequence_number }));
    }
  }

  private fall(session: Session): void {
    if (this.session !== session) {
      return;
    }
    this.session = undefined;
    clearInterval(this.keepaliveTimer);
    if (this.bound) {
      this.reason = 'connectionLost';
    }
    this.bound = false;
    this.events.down();
    for (const sequence of this.pending.keys()) {
      this.settle(sequence, { kind: 'connectionLost' });
    }
    if (!this.closed) {
      this.reconnectTimer = setTimeout(() => this.open(), this.pause());
    }
  }

  /** Doubles from the first pause to the longest; the jitter keeps many senders from coming back at once. */
  private pause(): number {
    const { reconnectMinMs, reconnectMaxMs } = this.settings;
    const full = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.attempts);
    this.attempts += 1;
    return full * (0.5 + Math.random() / 2);
  }
}
