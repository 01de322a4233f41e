/** A simulated SMS centre that speaks SMPP over TCP and a Mitake-like HTTP, and shows what phones received. */
import type { AddressInfo } from 'node:net';
import { defaultReferenceTag } from './reference-tlv';
import { SmsCentre } from './simulator/centre';
import { simulatedCertificate } from './simulator/certificate';
import type { FaultOrder } from './simulator/faults';
import { buildHttpServer, gatewayPath } from './simulator/http-server';
import type { InboxFilter, InboxMessage } from './simulator/inbox';
import { SmppServer } from './simulator/smpp-server';

export type { FaultName, FaultOrder } from './simulator/faults';
export type { InboxFilter, InboxMessage } from './simulator/inbox';

export interface SmsSimulatorSettings {
  /** 0 (the default) chooses a free port; so for `httpPort`. */
  readonly smppPort?: number;
  readonly httpPort?: number;
  /** Loopback by default; the inbox and the faults have no login. */
  readonly host?: string;
  /** Append-only file with what phones received: numbers and texts of synthetic people, nobody else's. */
  readonly inboxFile?: string;
  readonly username?: string;
  readonly password?: string;
  /** Whether repeated references are recognised; on by default. */
  readonly dedupe?: boolean;
  /** Vendor TLV of the reference; null for a centre that ignores it. */
  readonly referenceTag?: number | null;
  /** SMPP over TLS, with a certificate signed by itself (`simulatedCertificate`). */
  readonly tls?: boolean;
  readonly receiptDelayMs?: number;
  /** Pause before a receipt that nobody acknowledged is offered again. */
  readonly receiptRetryMs?: number;
}

export interface SmsSimulator {
  readonly smppPort: number;
  readonly httpPort: number;
  /** Addresses for `connectSmsGateway`. */
  readonly smppUrl: string;
  readonly httpUrl: string;
  /** `GET` with `mobile`, `after` (a sequence), `limit` gives `{messages, next}`. */
  readonly inboxUrl: string;
  /** `GET`, `POST` (an order) and `DELETE`. */
  readonly faultsUrl: string;
  inbox(filter?: InboxFilter): readonly InboxMessage[];
  orderFaults(order: FaultOrder): void;
  /** Cuts all connections and closes the file; a new start with the same file goes on from there. */
  close(): Promise<void>;
}

const defaults = {
  host: '127.0.0.1',
  username: 'yiyue',
  password: 'demo',
  receiptDelayMs: 300,
  receiptRetryMs: 1_000,
} as const;

/**
 * Starts the centre in this process.
 *
 * @throws when a port is taken or the inbox file cannot be written
 */
export async function startSmsSimulator(settings: SmsSimulatorSettings = {}): Promise<SmsSimulator> {
  const { host, username, password } = { ...defaults, ...settings };
  const centre = new SmsCentre({
    inboxFile: settings.inboxFile,
    dedupe: settings.dedupe ?? true,
    receiptDelayMs: settings.receiptDelayMs ?? defaults.receiptDelayMs,
  });
  const smpp = new SmppServer(centre, {
    host,
    port: settings.smppPort ?? 0,
    username,
    password,
    referenceTag: settings.referenceTag === undefined ? defaultReferenceTag : settings.referenceTag,
    receiptRetryMs: settings.receiptRetryMs ?? defaults.receiptRetryMs,
    tls: settings.tls ? simulatedCertificate : undefined,
  });
  const http = await buildHttpServer(centre, { username, password });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    // The file is closed last: a request in progress may still take a text in.
    closing ??= Promise.all([smpp.close(), http.close()]).then(() => centre.close());
    return closing;
  };
  try {
    const smppPort = await smpp.listen();
    await http.listen({ host, port: settings.httpPort ?? 0 });
    const httpPort = (http.server.address() as AddressInfo).port;
    centre.resume();
    const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}`;
    return {
      smppPort,
      httpPort,
      smppUrl: `${settings.tls ? 'smpps' : 'smpp'}://${login}:${smppPort}`,
      httpUrl: `http://${login}:${httpPort}${gatewayPath}`,
      inboxUrl: `http://${host}:${httpPort}/inbox`,
      faultsUrl: `http://${host}:${httpPort}/faults`,
      inbox: (filter) => centre.inbox.list(filter),
      orderFaults: (order) => centre.faults.order(order),
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}
